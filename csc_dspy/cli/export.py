"""``csc-dspy export``: fine-tuning data from the questions of a program."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.parameters import WholeNumber
from csc_dspy.cli.resuming import tell_what_is_kept
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.finetuning import Export, Exported
    from csc_dspy.finetuning.options import Choices
    from csc_dspy.taxonomy import Language

_TRAIN: Final = "rolecs-sample"
_FORMATS: Final = ("openai", "trl", "sharegpt", "alpaca", "parquet", "arrow")


@commands.command("export")
@options.argument("program", help="A registered name, or the folder of a compiled program.")
@options.option("--train", metavar="SOURCE", default=_TRAIN, show_default=True, help="What to learn from.")
# The first name of an option is also its variable and key, and those of `data split` mean something else.
@options.option(
    "--training-format",
    "--format",
    "form",
    type=options.choice(*_FORMATS),
    default=_FORMATS[0],
    show_default=True,
    help="The form of the files.",
)
@options.option(
    "--task",
    metavar="TASKS",
    show_default="all that the program asks for",
    help="strategy, response, stage, classify or joint; several with commas, with shares as in a=2,b=1.",
)
@options.option(
    "--source",
    type=options.choice("gold", "traces"),
    default="gold",
    show_default=True,
    help="Answers of the dialogues, or those of the program by --lm that are right.",
)
@options.option(
    "--pairs",
    type=options.choice("other-strategy", "program"),
    help="Also worse answers: responses by another strategy, or those of --rejected-by.",
)
@options.option(
    "--rejected-by", metavar="NAME_OR_PATH", help="With --pairs program: whose responses are the worse ones."
)
@options.option(
    "--demonstrations/--no-demonstrations",
    default=True,
    show_default=True,
    help="Whether rows show those of the program.",
)
@options.balance()
@options.option(
    "--validation",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Share of the dialogues for a part of its own.",
)
@options.option(
    "--keep-duplicates",
    is_flag=True,
    help="Write the same question with the same answer as often as it is there, not once.",
)
@options.option("--max-tokens-row", type=WholeNumber(min=1), help="Leave out longer rows.")
@options.option(
    "--tokenizer",
    metavar="PATH_OR_NAME",
    show_default="an estimate",
    help="What counts tokens: a tokenizer.json, a folder with one, or a name on the hub.",
)
@options.option(
    "--evaluation-leaks",
    "--leaks",
    "leaks",
    type=options.choice("refuse", "drop"),
    default="refuse",
    show_default=True,
    help="Evaluation dialogues in SOURCE, exact or nearly: end with the list, or leave them out.",
)
@options.against()
@options.option("--limit", type=WholeNumber(min=1), help="Only so many dialogues, the first ones.")
@options.option(
    "--push-to-hub",
    metavar="OWNER/NAME",
    help="Then upload the folder to this data set on the hub, made as a private one if need be.",
)
@options.option("--public", is_flag=True, help="With --push-to-hub: everybody may see it.")
@options.language()
@options.taxonomy()
@options.history_tokens()
@options.quarantine()
@options.seed()
@options.out(required=True)
@options.resume()
@options.language_model()
@options.as_json()
def command(  # noqa: PLR0913  the options, each by its name
    *,
    program: str,
    train: str,
    form: str,
    task: str | None,
    source: Literal["gold", "traces"],
    pairs: Literal["other-strategy", "program"] | None,
    rejected_by: str | None,
    demonstrations: bool,
    balance: str,
    validation: float,
    keep_duplicates: bool,
    max_tokens_row: int | None,
    tokenizer: str | None,
    leaks: Literal["refuse", "drop"],
    against: tuple[str, ...],
    limit: int | None,
    push_to_hub: str | None,
    public: bool,
    language: Language | None,
    taxonomy: str | None,
    history_tokens: int | None,
    quarantine: Path | None,
    seed: int,
    out: Path,
    resume: bool,
    connection: Connection,
    as_json: bool,
) -> ExitCode:
    """Write fine-tuning data: what PROGRAM asks about each turn of dialogues, with the right answers.

    The prompts are those that the program sends, byte for byte. The folder --out appears in whole. A language
    model is asked only with --source traces or --pairs program; where it fails on a turn, that is left out,
    and the exit code is 3. After an interruption --resume goes on.
    """
    from csc_dspy.finetuning import prepare
    from csc_dspy.finetuning.options import Choices
    from csc_dspy.taxonomy import load_taxonomy

    if public and not push_to_hub:
        raise ConfigError("--public needs --push-to-hub", remedy="name the data set on the hub")
    choices = Choices.written(
        task=task,
        balance=balance,
        source=source,
        pairs=pairs,
        demonstrations=demonstrations,
        validation=validation,
        keep_duplicates=keep_duplicates,
        most_tokens=max_tokens_row,
        tokenizer=tokenizer,
        leaks=leaks,
        limit=limit,
        seed=seed,
    )
    with output.progress("looking") as looked:
        made = prepare(
            program,
            train=train,
            form=form,
            choices=choices,
            rejected_by=rejected_by,
            language=language,
            taxonomy=load_taxonomy(taxonomy) if taxonomy else None,
            history_tokens=history_tokens,
            against=against,
            quarantine=quarantine,
            lm=connection.lm,
            looked=looked,
        )
    exported = _carried_out(made, connection, out, resume=resume)
    hub = _pushed(exported, push_to_hub, private=not public) if push_to_hub else None
    _show(exported, choices, hub, as_json=as_json)
    if not exported.failures:
        return ExitCode.DONE
    say(f"turns that could not be asked about and are left out: {exported.failures}; --resume asks for them")
    return ExitCode.FAILURES_RECORDED


def _carried_out(made: Export, connection: Connection, out: Path, *, resume: bool) -> Exported:
    with (
        connection.open() if made.asks else nullcontext(),
        output.progress("exporting", total=made.total) as advance,
    ):
        return made.carry_out(
            out,
            concurrency=connection.concurrency,
            identity=connection.identity,
            resume=resume,
            told=advance,
            kept=tell_what_is_kept,
        )


def _pushed(exported: Exported, repository: str, *, private: bool) -> str:
    """The address that the folder has on the hub from now on."""
    from csc_dspy.finetuning.hub import push

    return push(exported.out, repository, private=private)


def _show(exported: Exported, choices: Choices, hub: str | None, *, as_json: bool) -> None:
    if as_json:
        output.emit_json({**exported.to_dict(), **({"hub": hub} if hub else {})})
        return
    rows = exported.rows
    validation = f", {rows['validation']:,} to validate by" if choices.validation else ""
    output.emit(f"{exported.out}: {rows['train']:,} rows to train on{validation}, {exported.seconds:.1f} s")
    most = max(exported.strategies.values())
    output.table(
        ("strategy", "rows", ""),
        [(name, count, output.bar(count, most)) for name, count in exported.strategies.items()],
    )
    if exported.left_out:
        output.table(("left out", "rows"), list(exported.left_out.items()))
    if hub:
        output.emit(hub)
