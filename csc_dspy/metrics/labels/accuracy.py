"""How often the strategy is right."""

from __future__ import annotations

from csc_dspy.metrics._base import Attempt
from csc_dspy.metrics._means import TurnMean


class Accuracy(TurnMean):
    """``ACC``: the share of labelled turns whose strategy is predicted."""

    name = "ACC"
    aspect = "strategy"

    def score(self, attempt: Attempt) -> float | None:
        """1 where right, 0 where wrong or missing."""
        gold = attempt.example.turn.strategy
        return None if gold is None else float(attempt.predicted.strategy == gold)
