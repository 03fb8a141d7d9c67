"""How many stages the prediction is away."""

from __future__ import annotations

from csc_dspy.metrics._base import Attempt
from csc_dspy.metrics._means import TurnMean


class StageDistance(TurnMean):
    """``stage_distance``: the mean number of stages between gold and prediction."""

    name = "stage_distance"
    aspect = "stage"
    unit = "number"
    higher_is_better = False

    def score(self, attempt: Attempt) -> float:
        """The distance of one turn; that from the first stage to the last where none is predicted."""
        predicted = attempt.predicted.stage
        if predicted is None:
            return len(self.taxonomy.stages) - 1
        return abs(predicted.number - attempt.example.stage.number)
