"""``csc-dspy train``: a language model learns from exported rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.named_values import named_values
from csc_dspy.cli.parameters import WholeNumber
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.finetuning.training import Training

_PATH = click.Path(path_type=Path)
_ABOVE_ZERO = click.FloatRange(min=0, min_open=True)
_API_BASE, _API_KEY_FILE = options.server()


@commands.command("train")
@options.argument("data", type=_PATH, help="An export folder, or a JSONL file of chat messages.")
@options.lm()
@options.out()
@options.seed()
@options.resume()
@options.option("--epochs", type=_ABOVE_ZERO, help="Passes over the rows.")
@options.option("--learning-rate", type=_ABOVE_ZERO, help="Its highest value; hosted, a multiplier.")
@options.option("--batch-size", type=WholeNumber(min=1), help="Rows at once.")
@options.option("--accumulate", type=WholeNumber(min=1), help="Batches to one step; hf: only.")
@options.option("--max-length", type=WholeNumber(min=1), help="Most tokens of a row; hf: only.")
@options.option("--rank", type=WholeNumber(min=1), help="Rank of the LoRA adapter; hf: only.")
@options.option("--lora/--full", default=None, help="An adapter, or all weights; hf: only.  [default: lora]")
@options.training()
@_API_BASE
@_API_KEY_FILE
@options.timeout()
@options.option("--job", metavar="ID", help="Wait for this job at the server, instead of creating one.")
@options.option(
    "--poll", type=_ABOVE_ZERO, default=60.0, show_default=True, help="Most seconds between looks at a job."
)
@options.option("--cancel", is_flag=True, help="Cancel the job at the server on Ctrl-C; else it goes on.")
@options.dry_run()
@options.option(
    "--training-price", type=click.FloatRange(min=0), help="US dollars for a million tokens trained on."
)
@options.as_json()
def command(  # noqa: PLR0913  the options, each by its name
    *,
    data: Path,
    lm: str,
    out: Path | None,
    seed: int,
    resume: bool,
    training_options: tuple[str, ...],
    lora: bool | None,
    api_base: str | None,
    api_key_file: Path | None,
    timeout: float,
    job: str | None,
    poll: float,
    cancel: bool,
    dry_run: bool,
    training_price: float | None,
    as_json: bool,
    **training: Any,  # noqa: ANN401  the options of the training itself
) -> ExitCode:
    """Train a language model on DATA, rows that csc-dspy export has written with --format openai.

    The result, a folder with training.json, goes to --out. It names the model as every --lm takes it. A
    training that was interrupted goes on with --resume; at a server nothing is uploaded or created twice.
    """
    from csc_dspy.finetuning.training import Server, prepare_training

    full = {} if lora is None else {"full": not lora}
    made = prepare_training(
        data,
        lm=lm,
        seed=seed,
        job=job,
        options={**training, **full, **named_values(training_options, "--training")},
        server=Server(
            api_base=api_base, api_key_file=api_key_file, timeout=timeout, poll=poll, cancel=cancel
        ),
    )
    if dry_run:
        _show_estimate(made, training_price, as_json=as_json)
        return ExitCode.DONE
    if out is None:
        raise click.MissingParameter(param_hint="'--out'", param_type="option")
    with _what_goes_on(made, out, cancel=cancel), output.progress("training", made.rows.lines) as advance:
        trained = made.carry_out(out, resume=resume, told=advance)
    if as_json:
        output.emit_json({"out": str(out), **trained.to_dict()})
    else:
        output.emit(f"{trained.model} has learned from {trained.rows} rows in {trained.seconds:.1f} s")
        output.emit(str(out))
    return ExitCode.DONE


def _show_estimate(made: Training, price: float | None, *, as_json: bool) -> None:
    found: Any
    if made.way.kind == "local":
        from csc_dspy.finetuning.huggingface import dry_run

        found = dry_run(made.data, made.way.model, made.hugging_face_options())
    else:
        found = made.estimate(price)
    if as_json:
        output.emit_json(found.to_dict())
    else:
        output.emit(str(found))


@contextmanager
def _what_goes_on(made: Training, out: Path, *, cancel: bool) -> Iterator[None]:
    """Say what an interruption leaves behind."""
    from csc_dspy.finetuning.training import run_folder

    try:
        yield
    except BaseException:
        if run_folder(out).exists():
            goes_on = made.way.kind == "hosted" and not cancel
            job = "the job goes on at the server; " if goes_on else ""
            say(f"{job}--resume takes up the training")
        raise
