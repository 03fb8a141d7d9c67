"""A program, or predictions, scored: what ``csc-dspy evaluate`` does unless it is told otherwise."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from csc_dspy.cli import output
from csc_dspy.cli.evaluating.common import Common, is_given
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.resuming import tell_what_is_kept
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.cli.progress import Advance
    from csc_dspy.evaluation import Evaluation
    from csc_dspy.evaluation.plan import Plan
    from csc_dspy.evaluation.predictions import Prediction
    from csc_dspy.evaluation.systems import System
    from csc_dspy.evaluation.tables import Grid
    from csc_dspy.journal import Journal


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """What is asked for."""

    named: str | None
    program: str
    uncompiled: bool
    predictions: Path | None
    contexts: str | None
    compare: str | None
    unlabelled: Literal["classify", "unknown"] | None
    history_tokens: int | None
    neural: bool
    details: bool
    published: bool
    common: Common

    def carry_out(self, connection: Connection) -> ExitCode:
        """Evaluate, write the results, and show them."""
        made = self._plan(connection.lm)
        out = self.common.out
        evaluation = _carried_out(made, connection, out, resume=self.common.resume)
        if self.common.as_json:
            output.emit_json(evaluation.to_dict())
        else:
            _show(evaluation, details=self.details, published=self.published)
        if not made.failed:
            return ExitCode.DONE
        again = "; --resume asks again for them alone, and for what followed them" if out else ""
        say(f"{made.failed} could not be predicted and count as wrong{again}")
        return ExitCode.FAILURES_RECORDED

    def _plan(self, lm: str) -> Plan:
        from csc_dspy.evaluation.contexts import as_contexts
        from csc_dspy.evaluation.plan import plan
        from csc_dspy.evaluation.scoring import Draws

        system = self._system(lm)
        made = plan(
            system,
            self.common.to_evaluate(system.taxonomy),
            contexts=as_contexts(self.contexts.split(",")) if self.contexts else None,
            other=self._made(self.compare, lm, "compared") if self.compare else None,
            limit=self.common.limit,
            draws=Draws(seed=self.common.seed),
        )
        if not self.neural:
            return made
        from csc_dspy.metrics.neural import neural_metrics

        return replace(made, metrics=[*made.metrics, *neural_metrics(made.overview.languages)])

    def _system(self, lm: str) -> System:
        ctx = click.get_current_context()
        as_option = is_given(ctx, "program")
        if self.named is not None and as_option:
            raise click.UsageError("the program is given twice, as PROGRAM and as --program", ctx)
        if self.predictions is None:
            return self._made(self.named or self.program, lm)
        if self.named is not None or as_option:
            raise click.UsageError(
                "give a program or --predictions; --compare holds one against the other", ctx
            )
        from csc_dspy.evaluation.prediction_file import FileSystem
        from csc_dspy.taxonomy import load_taxonomy

        return FileSystem(self.predictions, self.common.standard or load_taxonomy())

    def _made(self, name: str, lm: str, role: str = "evaluated") -> System:
        from csc_dspy.evaluation.evaluating import as_system

        chosen: dict[str, Any] = {
            "language": self.common.language,
            "unlabelled": self.unlabelled,
            "history_tokens": self.history_tokens,
            "lm": lm,
            "uncompiled": self.uncompiled,
        }
        return as_system(name, self.common.standard, role, **chosen)


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
