"""How often the predicted stages go back."""

from __future__ import annotations

from itertools import pairwise

from csc_dspy.metrics._base import Dialogue
from csc_dspy.metrics._means import Mean


class StageBackward(Mean):
    """``stage_backward``: the share of steps to an earlier stage than that predicted for the turn before.

    A step needs a stage on both sides; beside a missing one there is none.
    """

    name = "stage_backward"
    aspect = "stage"
    higher_is_better = False

    def counted(self, dialogue: Dialogue) -> tuple[float, int]:
        """The steps back, and all steps."""
        steps = [
            now.number < before.number
            for before, now in pairwise(attempt.predicted.stage for attempt in dialogue)
            if before and now
        ]
        return sum(steps), len(steps)
