"""The composite score as a metric of dialogues: what optimizers wish for, measured on whole data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from csc_dspy.metrics._base import Aspect, Attempt
from csc_dspy.metrics._means import TurnMean
from csc_dspy.metrics.composite import Composite
from csc_dspy.metrics.reading import Answer, Gold

_ALL = frozenset({"strategy", "stage", "response"})


@dataclass(frozen=True)
class MeanComposite(TurnMean):
    """The mean of a `Composite` over turns, as percent; a turn without an answer counts 0."""

    composite: Composite = field(default_factory=Composite)
    asked: frozenset[str] = _ALL
    """What the language model is asked for. A stage that follows from the strategy is no merit of its own."""

    name: ClassVar[str] = "composite"
    aspect: ClassVar[Aspect] = "strategy"

    def score(self, attempt: Attempt) -> float | None:
        """The composite of one turn; None where the turn is not labelled."""
        example, said = attempt.example, attempt.predicted
        if example.turn.strategy is None:
            return None
        if said.error is not None:
            return 0.0
        gold = Gold(
            example.history, example.language, example.turn.strategy, example.stage, example.turn.text
        )
        stage = said.stage if "stage" in self.asked else None
        answer = Answer(said.strategy, said.strategy_probabilities, stage, stage, said.response)
        return self.composite.mean(self.composite.parts(gold, answer))
