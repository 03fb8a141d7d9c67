"""A compilation under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import BudgetError

from ._base import Bench
from .interrupts import ending

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget
    from csc_dspy.programs import Program

    from .compilation import Compilation
    from .gain import Gain
    from .judging import Details
    from .runs import Run
    from .trials import Trial, Trials
    from .tuning import Before

Told = Callable[["Trial"], None]
"""Hears of every trial."""
AS_IT_WAS: Final = "as it was"


class Work:
    """A compilation under way, and what it has come to."""

    def __init__(
        self,
        compilation: Compilation,
        kept: Run,
        budget: Budget,
        concurrency: int,
        told: Told,
        *,
        before: Before | None = None,
    ) -> None:
        """``before`` is what to compare with, where that was another language model's."""
        self.budget = budget
        self.ended: BudgetError | KeyboardInterrupt | None = None
        """What ended it before the optimizer was done."""
        self.history: list[tuple[str, float]] = [(before.trial.note, before.trial.score)] if before else []
        """Every trial with its score."""
        self._first: Trial
        self._before = before
        self._compilation = compilation
        self._concurrency = concurrency
        self._told = told
        self._trials = self._open_trials(kept)

    @property
    def best(self) -> Program:
        """The best program so far."""
        best: Program = self._best.program
        best.compiled_for = self._compilation.models.spec
        return best

    @property
    def gain(self) -> Gain:
        """What has been gained so far."""
        return self._trials.gain(self._first, self._best)

    def optimize(self, helpers: Mapping[str, dspy.LM]) -> None:
        """Let the optimizer work until it is done, or a limit or an interrupt ends it.

        Raises what ended it if nothing has been scored by then.
        """
        made = self._compilation
        if self._before is None:
            self._first = self._trials.trial(made.program, AS_IT_WAS)
        else:
            self._first = self._before.trial
            self._trials.trial(made.program, "fine-tuned")
        bench = Bench(
            train=made.train_examples,
            dev=made.dev_examples,
            objective=made.objective,
            trials=self._trials,
            seed=made.seed,
            concurrency=self._concurrency,
            held_out=cache(made.held_out),
            **helpers,
        )
        with ending(self.budget) as interrupts:
            try:
                found = made.optimizer.optimize(made.program, bench)
                if found is not self._best.program:
                    self._trials.score(found, made.optimizer.name)
            except (BudgetError, KeyboardInterrupt) as error:
                self.ended = KeyboardInterrupt() if interrupts.seen else error
                self.budget.end()

    def details(self) -> Details:
        """The best program held against the one at the start by all metrics, as far as that is free."""
        from csc_dspy.lm import using

        from .judging import details, scant

        made = self._compilation
        free = made.models.embedded
        # The embedded engine keeps no answers and needs none: to ask it again is free, and beyond the limit.
        asking = using(made.models.lm, **made.models.own_options) if free else nullcontext()
        try:
            with asking:
                return details(
                    made.program,
                    self.best,
                    made.dev,
                    made.objective,
                    written=free or made.objective.of_text,
                    concurrency=self._concurrency,
                    before_lm=self._before.lm if self._before else None,
                )
        except BudgetError:
            return scant(self.gain, made.objective)

    @property
    def _best(self) -> Trial:
        assert self._trials.best is not None
        best: Trial = self._trials.best
        return best

    def _open_trials(self, kept: Run) -> Trials:
        from .trials import Trials

        made = self._compilation
        return Trials(
            made.dev.conversations,
            made.objective,
            journal=kept.trials,
            concurrency=self._concurrency,
            told=self._note,
            lm=None if self._before is None else made.models.spec,
        )

    def _note(self, trial: Trial) -> None:
        self.history.append((trial.note, trial.score))
        self._told(trial)
