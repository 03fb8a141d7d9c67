"""How far the probabilities are from the truth."""

from __future__ import annotations

from csc_dspy.metrics._base import Attempt
from csc_dspy.metrics._means import TurnMean

WORST = 2.0
"""All of the probability on one wrong strategy."""


class Brier(TurnMean):
    """``brier``: the mean squared distance of all probabilities from the truth, from 0 to 2."""

    name = "brier"
    aspect = "strategy_probabilities"
    unit = "number"
    higher_is_better = False

    def score(self, attempt: Attempt) -> float | None:
        """The distance of one turn, the worst where there are no probabilities."""
        gold, probabilities = attempt.example.turn.strategy, attempt.predicted.strategy_probabilities
        if gold is None:
            return None
        if not probabilities:
            return WORST
        # The squares of all differences, of which only that of the gold strategy is not from 0.
        return 1 - 2 * probabilities.get(gold.id, 0.0) + sum(each * each for each in probabilities.values())
