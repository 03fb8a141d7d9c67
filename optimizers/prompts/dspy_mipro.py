"""``dspy.MIPROv2`` with the trials as its judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dspy

from .dspy_run import Run, with_lessons

if TYPE_CHECKING:
    from csc_dspy.programs import Program

Demonstrations = dict[int, list[list[dspy.Example]]]
"""Sets of demonstrations by the place of the predictor."""


class JudgedMIPRO(dspy.MIPROv2):
    """Scores whole programs by the objective, so that the best is known, and paid for, at any time.

    DSPy would take the mean of a metric over examples, and forget all scores when it is stopped. Besides the
    sets that DSPy bootstraps there are one of labelled demonstrations and that which the program brings.
    """

    def __init__(self, run: Run, shown: Sequence[dspy.Example], **options: Any) -> None:  # noqa: ANN401 - DSPy's
        super().__init__(**options)
        self._run = run
        self._shown = shown
        self._trial = 0

    def _bootstrap_fewshot_examples(
        self,
        program: Program,
        *arguments: Any,  # noqa: ANN401 - DSPy's
        **options: Any,  # noqa: ANN401 - DSPy's
    ) -> Demonstrations:
        sets: Demonstrations = super()._bootstrap_fewshot_examples(program, *arguments, **options)
        taught = with_lessons(program, self._shown)
        for place, (own, more) in enumerate(zip(program.predictors(), taught.predictors(), strict=True)):
            # The first of DSPy's sets is empty, and stands for the program as it was.
            sets[place] = [list(own.demos), *sets[place][1:], list(more.demos)]
        return sets

    def _optimize_prompt_parameters(
        self,
        program: Program,
        instructions: dict[int, list[str]],
        sets: Demonstrations | None,
        evaluate: object,  # noqa: ARG002 - DSPy's judge, whom ours replaces
        *arguments: Any,  # noqa: ANN401 - DSPy's
    ) -> dspy.Module:
        return super()._optimize_prompt_parameters(program, instructions, sets, self._judge, *arguments)

    def _judge(self, candidate: dspy.Module, **_: object) -> dspy.Prediction:
        score = self._run.score(candidate, f"trial {self._trial}")
        self._trial += 1
        return dspy.Prediction(score=score)
