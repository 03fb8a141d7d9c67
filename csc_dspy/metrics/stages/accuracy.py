"""How often the stage is right."""

from __future__ import annotations

from csc_dspy.metrics._base import Attempt
from csc_dspy.metrics._means import TurnMean


class StageAccuracy(TurnMean):
    """``stage_acc``: the share of turns whose stage is predicted."""

    name = "stage_acc"
    aspect = "stage"

    def score(self, attempt: Attempt) -> float:
        """1 where right, 0 where wrong or missing."""
        return float(attempt.predicted.stage == attempt.example.stage)
