"""Whether the dialogue passes through the stages that it should."""

from __future__ import annotations

from csc_dspy.metrics._base import Dialogue
from csc_dspy.metrics._means import Mean


class StageCoverage(Mean):
    """``stage_coverage``: the share of the stages visited by gold that the prediction visits too."""

    name = "stage_coverage"
    aspect = "stage"

    def counted(self, dialogue: Dialogue) -> tuple[float, int]:
        """The stages visited by both, and those visited by gold."""
        gold = {attempt.example.stage for attempt in dialogue}
        predicted = {attempt.predicted.stage for attempt in dialogue}
        return len(gold & predicted), len(gold)
