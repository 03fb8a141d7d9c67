"""``csc-dspy evaluate``: a program, or the predictions of any system, scored on labelled conversations."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click
from click.core import ParameterSource

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.parameters import WholeNumber
from csc_dspy.cli.resuming import tell_what_is_kept
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.cli.progress import Advance
    from csc_dspy.data import Corpus
    from csc_dspy.evaluation import Evaluation
    from csc_dspy.evaluation.plan import Plan
    from csc_dspy.evaluation.predictions import Prediction
    from csc_dspy.evaluation.systems import System
    from csc_dspy.evaluation.tables import Grid
    from csc_dspy.journal import Journal
    from csc_dspy.taxonomy import Language, Taxonomy

_DATA: Final = "csconv-sample"
_SPLIT: Final = "test"
_WHOLE: Final = "all"


@commands.command("evaluate")
@options.argument(
    "named", metavar="[PROGRAM]", required=False, help="What to evaluate: the same as --program."
)
@options.program()
@options.option(
    "--predictions",
    type=click.Path(path_type=Path),
    help="Score the predictions in this file, or of an earlier run, instead of a program.",
)
@options.source(positional=False, required=False)
@options.option(
    "--split",
    metavar="PART",
    show_default=f"{_SPLIT} of the sample",
    help=f"Part of the data: dev, test, any other that it has, or {_WHOLE}.",
)
@options.option("--limit", type=WholeNumber(min=1), help="Only so many dialogues, the first ones.")
@options.option(
    "--contexts",
    metavar="NAMES",
    help="Contexts: reference, generated, or both with a comma; else all it can.",
)
@options.option(
    "--compare",
    metavar="OTHER",
    help="Hold it against another program, a file of predictions or the folder of an earlier run.",
)
@options.language()
@options.taxonomy()
@options.unlabelled()
@options.history_tokens()
@options.seed()
@options.out()
@options.resume()
@options.option("--details", is_flag=True, help="Also show precision, recall and F1 of every strategy.")
@options.option("--published", is_flag=True, help="Also show the results that were published on CSConv.")
@options.language_model()
@options.as_json()
def command(  # noqa: PLR0913  the options, each by its name
    *,
    named: str | None,
    program: str,
    predictions: Path | None,
    source: str | None,
    split: str | None,
    limit: int | None,
    contexts: str | None,
    compare: str | None,
    language: Language | None,
    taxonomy: str | None,
    unlabelled: Literal["classify", "unknown"] | None,
    history_tokens: int | None,
    seed: int,
    out: Path | None,
    resume: bool,
    details: bool,
    published: bool,
    connection: Connection,
    as_json: bool,
) -> ExitCode:
    """Score a program on labelled conversations, in the reference and in the generated context.

    Shows the headline metrics with 95 % confidence intervals over dialogues; --out has all of them, every
    prediction and a report. A turn that the language model fails on counts as wrong, and the exit code is 3.
    After an interruption, --resume goes on.
    """
    from csc_dspy.evaluation.contexts import as_contexts
    from csc_dspy.evaluation.evaluating import as_system
    from csc_dspy.evaluation.plan import plan
    from csc_dspy.evaluation.prediction_file import FileSystem
    from csc_dspy.evaluation.scoring import Draws
    from csc_dspy.taxonomy import load_taxonomy

    _require_destination(out, resume=resume, as_json=as_json)
    named = _named(named, program, predictions)
    standard = load_taxonomy(taxonomy) if taxonomy else None
    chosen: dict[str, Any] = {
        "language": language,
        "unlabelled": unlabelled,
        "history_tokens": history_tokens,
    }
    if predictions is None:
        system = as_system(named, standard, **chosen)
    else:
        system = FileSystem(predictions, standard or load_taxonomy())
    made = plan(
        system,
        _read(source, split, system.taxonomy),
        contexts=as_contexts(contexts.split(",")) if contexts else None,
        other=as_system(compare, standard, "compared", **chosen) if compare else None,
        limit=limit,
        draws=Draws(seed=seed),
    )
    evaluation = _carried_out(made, connection, out, resume=resume)
    if as_json:
        output.emit_json(evaluation.to_dict())
    else:
        _show(evaluation, details=details, published=published)
    if not made.failed:
        return ExitCode.DONE
    again = "; --resume asks again for them alone, and for what followed them" if out is not None else ""
    say(f"{made.failed} could not be predicted and count as wrong{again}")
    return ExitCode.FAILURES_RECORDED


def _require_destination(out: Path | None, *, resume: bool, as_json: bool) -> None:
    if out is not None:
        return
    if resume:
        raise ConfigError("--resume needs --out", remedy="only what goes to a folder can be resumed")
    if not (as_json or sys.stdout.isatty()):
        raise ConfigError(
            "--out is missing",
            where="csc-dspy evaluate",
            remedy="name a folder for the results, or give --json to have the scores alone",
        )


def _named(named: str | None, program: str, predictions: Path | None) -> str:
    """What to evaluate, if it is not predictions."""
    ctx = click.get_current_context()
    as_option = ctx.get_parameter_source("program") is ParameterSource.COMMANDLINE
    if named is not None and as_option:
        raise click.UsageError("the program is given twice, as PROGRAM and as --program", ctx)
    if predictions is not None and (named is not None or as_option):
        raise click.UsageError("give a program or --predictions; --compare holds one against the other", ctx)
    return named or program


def _read(source: str | None, split: str | None, taxonomy: Taxonomy) -> Corpus:
    """The conversations asked for; of the sample, which is the default, the part for final results."""
    from csc_dspy.data import read

    if source is None:
        source, split = _DATA, split or _SPLIT
    return read(source, part=None if split == _WHOLE else split, taxonomy=taxonomy, use="evaluate")


def _carried_out(made: Plan, connection: Connection, out: Path | None, *, resume: bool) -> Evaluation:
    with (
        connection.open() if made.programs else nullcontext(),
        _journal(made, connection, out, resume=resume) as journal,
        output.progress("evaluating", total=made.total) as advance,
    ):
        evaluation = made.carry_out(
            concurrency=connection.concurrency,
            lm=connection.lm,
            out=out,
            journal=journal,
            told=_Counter(made, advance),
        )
        if journal is not None and not made.failed:
            journal.remove()
    return evaluation


@contextmanager
def _journal(
    made: Plan, connection: Connection, out: Path | None, *, resume: bool
) -> Iterator[Journal | None]:
    from csc_dspy.evaluation.output import keep_inputs, open_journal

    if out is None:
        yield None
        return
    keep_inputs(out, made.systems)
    run = {**made.identity, **connection.identity}
    with open_journal(out, run, resume=resume, told=tell_what_is_kept) as journal:
        yield journal


class _Counter:
    """Shows the running accuracy of the system's first context, and how much has failed."""

    def __init__(self, made: Plan, advance: Advance) -> None:
        self._first = made.entries[0]
        self._shows_accuracy = "strategy" in made.system.aspects
        self._made = made
        self._advance = advance
        self._right = self._labelled = 0

    def __call__(self, system: System, prediction: Prediction) -> None:
        """Count a prediction."""
        gold = prediction.example.turn.strategy
        if gold and system is self._first.system and prediction.context == self._first.context:
            self._labelled += 1
            self._right += prediction.predicted.strategy == gold
        fields: dict[str, object] = {}
        if self._shows_accuracy and self._labelled:
            fields["ACC"] = f"{100 * self._right / self._labelled:.1f}"
        if self._made.failed:
            fields["failed"] = self._made.failed
        self._advance(1, **fields)


def _show(evaluation: Evaluation, *, details: bool, published: bool) -> None:
    from csc_dspy.evaluation.tables import comparison_grid, narrow_grid, strategy_grid

    content = evaluation.content
    whole = evaluation.table(published=published)
    crowded = sys.stdout.isatty() and shutil.get_terminal_size().columns < _width(whole)
    _draw(narrow_grid(content) if crowded and not published else whole)
    for context in evaluation.contexts if details else ():
        if (grid := strategy_grid(content, context)) is not None:
            _draw(grid)
    if evaluation.comparison:
        _draw(comparison_grid(content))


def _width(grid: Grid) -> int:
    # Drawn, every column but the last has a space more behind it.
    return max(map(len, str(grid).split("\n"))) + len(grid.columns)


def _draw(grid: Grid) -> None:
    output.table(grid.columns, grid.rows, title=grid.title)
