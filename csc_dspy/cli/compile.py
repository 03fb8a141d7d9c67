"""``csc-dspy compile``: make a program better by what an optimizer finds in data."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.named_values import named_values
from csc_dspy.cli.session import Session
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.cli.progress import Advance
    from csc_dspy.optimizers import Compilation, Compiled, Trial
    from csc_dspy.programs import Options
    from csc_dspy.taxonomy import Language

_TRAIN: Final = "rolecs-sample"
_DEV: Final = "csconv-sample:dev"
_PARTS: Final = ("definitions", "distinctions", "stage-so-far", "stage", "hint")
"""What prompts can show, by the fields of `csc_dspy.signatures.Shown`."""


@commands.command("compile")
@options.argument("program", help="A registered name, or the folder of a compiled program to go on from.")
@options.option("--train", metavar="SOURCE", default=_TRAIN, show_default=True, help="What to learn from.")
@options.option(
    "--dev", metavar="SOURCE", default=_DEV, show_default=True, help="What to choose by; never a test part."
)
@options.option(
    "--target",
    type=options.choice("prompts", "finetune"),
    default="prompts",
    show_default=True,
    help="Compile into prompts, or into fine-tuning data on which --lm is trained first.",
)
@options.option(
    "--optimizer",
    metavar="NAMES",
    default="auto",
    show_default=True,
    help="How to look for a better program; several with + between them, one after the other.",
)
@options.option(
    "--parameter",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter of the optimizer; may be repeated.",
)
@options.training()
@options.option(
    "--metric", metavar="NAME", help="What to compile for; the usual metric of the program if not given."
)
@options.option("--prompt-lm", metavar="SPEC", help="Language model that proposes instructions, if another.")
@options.option(
    "--reflection-lm", metavar="SPEC", help="Language model that reflects on mistakes, if another."
)
@options.option(
    "--teacher-lm", metavar="SPEC", help="Language model that answers in the teacher's place, if another."
)
@options.option("--reasoning", is_flag=True, help="Let the program reason in words before it answers.")
@options.option(
    "--show", type=options.choice(*_PARTS), multiple=True, help="Show this in prompts; may be repeated."
)
@options.option(
    "--hide", type=options.choice(*_PARTS), multiple=True, help="Leave this out of prompts; may be repeated."
)
@options.language()
@options.taxonomy()
@options.unlabelled()
@options.history_tokens()
@options.seed()
@options.out()
@options.resume()
@options.dry_run()
@options.language_model()
@options.as_json()
def command(  # noqa: PLR0913  the options, each by its name
    *,
    program: str,
    train: str,
    dev: str,
    target: Literal["prompts", "finetune"],
    optimizer: str,
    parameters: tuple[str, ...],
    training_options: tuple[str, ...],
    metric: str | None,
    prompt_lm: str | None,
    reflection_lm: str | None,
    teacher_lm: str | None,
    reasoning: bool,
    show: tuple[str, ...],
    hide: tuple[str, ...],
    language: Language | None,
    taxonomy: str | None,
    unlabelled: Literal["classify", "unknown"] | None,
    history_tokens: int | None,
    seed: int,
    out: Path | None,
    resume: bool,
    dry_run: bool,
    connection: Connection,
    as_json: bool,
) -> ExitCode:
    """Make PROGRAM better by what an optimizer finds in training data, judged on dev data.

    The artifact goes to --out, or else to artifacts/PROGRAM/LANGUAGE. When a limit is reached it is the best
    program so far, marked as partial, and the exit code is 3. After an interruption --resume goes on, and
    pays for nothing twice.
    """
    # Read when DSPy is loaded, whose bars know nothing of ours, nor of --quiet.
    os.environ.setdefault("TQDM_DISABLE", "1")
    from csc_dspy.optimizers import Models, prepare
    from csc_dspy.taxonomy import load_taxonomy

    made = prepare(
        program,
        train=train,
        dev=dev,
        target=target,
        optimizer=optimizer,
        parameters=named_values(parameters),
        training=named_values(training_options, "--training"),
        metric=metric,
        models=Models(
            lm=connection.lm,
            prompt_lm=prompt_lm,
            reflection_lm=reflection_lm,
            teacher_lm=teacher_lm,
            options=connection.options,
        ),
        language=language,
        taxonomy=load_taxonomy(taxonomy) if taxonomy else None,
        options=_options(
            _shown(show, hide), reasoning=reasoning, unlabelled=unlabelled, history_tokens=history_tokens
        ),
        seed=seed,
    )
    if dry_run:
        _show_plan(made, as_json=as_json)
        return ExitCode.DONE
    _tell(str(made.plan))
    destination = out or Path("artifacts") / made.program.name / made.program.options.language
    compiled = _carried_out(made, connection, destination, resume=resume)
    _show(compiled, as_json=as_json)
    return ExitCode.FAILURES_RECORDED if compiled.partial else ExitCode.DONE


def _carried_out(made: Compilation, connection: Connection, out: Path, *, resume: bool) -> Compiled:
    with _what_is_kept(out), output.progress("compiling") as advance:
        compiled = made.carry_out(
            out=out,
            budget=connection.budget,
            concurrency=connection.concurrency,
            resume=resume,
            told=_Best(advance),
            trained=lambda n=1, **fields: advance(0, **fields),  # noqa: ARG005  rows are no trials
        )
    if compiled.partial:
        say(f"a limit was reached: {_saved(out)}")
    return compiled


@contextmanager
def _what_is_kept(out: Path) -> Iterator[None]:
    """Say what an interruption leaves behind."""
    from csc_dspy.optimizers import CompilationInterrupted, run_folder

    try:
        yield
    except CompilationInterrupted:
        say(_saved(out))
        raise
    except ConfigError:
        raise
    except BaseException:
        if run_folder(out).exists():
            say("what was done is kept, --resume goes on from there")
        raise


def _saved(out: Path) -> str:
    return f"{out} has the best program so far, marked as partial; --resume goes on from there"


class _Best:
    """Shows the best score on dev so far."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._best: float | None = None

    def __call__(self, trial: Trial) -> None:
        """Count a trial."""
        self._best = trial.score if self._best is None else max(self._best, trial.score)
        self._advance(1, best=f"{self._best:.1f}")


def _shown(show: Iterable[str], hide: Iterable[str]) -> Mapping[str, bool]:
    shown = dict.fromkeys((name.replace("-", "_") for name in show), True)
    hidden = dict.fromkeys((name.replace("-", "_") for name in hide), False)
    if both := sorted(shown.keys() & hidden.keys()):
        raise ConfigError(f"{both[0].replace('_', '-')} is both shown and hidden", where="--show, --hide")
    return {**shown, **hidden}


def _options(shown: Mapping[str, bool], **given: Any) -> Options | None:  # noqa: ANN401  each its own
    """How a registered program is to be built; None if nothing is said of that."""
    from csc_dspy.programs import Options
    from csc_dspy.signatures import Shown

    chosen = {name: value for name, value in given.items() if value}
    if shown:
        chosen["shown"] = Shown(**shown)
    return Options(**chosen) if chosen else None


def _show_plan(made: Compilation, *, as_json: bool) -> None:
    if as_json:
        output.emit_json(made.plan.to_dict())
    else:
        output.emit(str(made.plan))


def _tell(line: str) -> None:
    """Say something on stderr that is no error."""
    session = click.get_current_context().find_object(Session)
    if session is None or not session.quiet:
        say(line)


def _show(compiled: Compiled, *, as_json: bool) -> None:
    if as_json:
        output.emit_json(compiled.to_dict())
    else:
        output.emit(compiled.statement)
        if compiled.model:
            output.emit(f"fine-tuned: --lm {compiled.model}")
        output.emit(str(compiled.artifact))
