"""How often the right strategy is among the likeliest."""

from __future__ import annotations

from typing import ClassVar

from csc_dspy.metrics._base import Attempt
from csc_dspy.metrics._means import TurnMean
from csc_dspy.metrics.labels.ranking import ranked


class TopK(TurnMean):
    """The share of labelled turns whose strategy is among the ``k`` of the highest probabilities."""

    k: ClassVar[int]

    aspect = "strategy_probabilities"

    def score(self, attempt: Attempt) -> float | None:
        """1 where it is among them, 0 where not or where there are no probabilities."""
        gold, probabilities = attempt.example.turn.strategy, attempt.predicted.strategy_probabilities
        if gold is None:
            return None
        return float(gold in ranked(probabilities, self.taxonomy)[: self.k]) if probabilities else 0.0


class Top2(TopK):
    """``top_2``."""

    name = "top_2"
    k = 2


class Top3(TopK):
    """``top_3``."""

    name = "top_3"
    k = 3
