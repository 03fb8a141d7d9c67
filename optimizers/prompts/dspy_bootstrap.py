"""Demonstrations out of a program's own right answers, by ``dspy.BootstrapFewShot``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dspy
from dspy.teleprompt import BootstrapFewShot

from .dspy_run import grafted, with_lessons

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench
    from .dspy_run import Run

Found = dict[str, list[dspy.Example]]
"""Demonstrations by predictor; empty where the answer was wrong."""


class Bootstrapper:
    """Shows a teacher some right answers, asks it about further examples, and keeps what it gets right.

    Each example is asked about once, however often demonstrations are drawn. Those shown to the teacher are
    not among those it is asked about.
    """

    def __init__(self, program: Program, bench: Bench, run: Run, shown: Sequence[dspy.Example]) -> None:
        self._program = uncompiled(program)
        self._shown = list(shown)
        self._teacher = with_lessons(self._program, self._shown)
        self._metric = run.watch.metric(bench.objective.strict)
        self._settings = {"lm": bench.teacher_lm} if bench.teacher_lm else {}
        self._asked: dict[str, Found] = {}

    @property
    def teacher(self) -> Program:
        """Who is asked."""
        return self._teacher

    def bootstrapped(
        self, examples: Sequence[dspy.Example], most: int, labelled: Sequence[dspy.Example]
    ) -> Program:
        """The program with at most so many demonstrations from right answers, then the labelled ones."""
        optimizer = _Remembering(
            self._asked,
            metric=self._metric,
            teacher_settings=self._settings,
            max_bootstrapped_demos=most,
            # DSPy would put raw examples there, which have none of the predictors' fields.
            max_labeled_demos=0,
        )
        found = optimizer.compile(self._program, teacher=self._teacher, trainset=list(examples))
        return with_lessons(grafted(self._program, found), labelled)


class _Remembering(BootstrapFewShot):
    """Asks about each example once: at temperature 0 the answer would be the same."""

    def __init__(self, asked: dict[str, Found], **options: Any) -> None:  # noqa: ANN401 - those of DSPy
        super().__init__(**options)
        self._asked = asked

    def _bootstrap_one_example(self, example: dspy.Example, round_idx: int = 0) -> bool:
        if example.id not in self._asked:
            before = {name: len(demos) for name, demos in self.name2traces.items()}
            super()._bootstrap_one_example(example, round_idx)
            self._asked[example.id] = {
                name: demos[before[name] :] for name, demos in self.name2traces.items()
            }
            return any(self._asked[example.id].values())
        for name, demos in self._asked[example.id].items():
            self.name2traces[name].extend(demos)
        return any(self._asked[example.id].values())


def uncompiled(program: Program) -> Program:
    """A copy without DSPy's mark, which its optimizers insist on."""
    copy: Program = program.deepcopy()
    copy.__dict__.pop("_compiled", None)
    return copy
