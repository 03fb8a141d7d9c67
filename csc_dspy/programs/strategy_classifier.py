"""The strategy of a given supporter turn."""

from __future__ import annotations

from csc_dspy.conversations import next_stage
from csc_dspy.exceptions import DataError
from csc_dspy.programs._base import Ask, Program, Steps
from csc_dspy.programs.fusion import Fusion
from csc_dspy.programs.history import Situation
from csc_dspy.programs.options import Options
from csc_dspy.programs.results import SupportPrediction, probabilities_by_id
from csc_dspy.signatures import classify_strategy


class StrategyClassifier(Program):
    """history, turn → strategy; the stage follows from it."""

    name = "strategy-classifier"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.fusion = Fusion()
        self.classify = self.predictor(
            classify_strategy(self.options.taxonomy, self.options.language, self.options.shown)
        )

    def steps(self, situation: Situation) -> Steps:
        """Ask for the strategy of ``turn``."""
        if not (turn := situation.spoken()):
            raise DataError("there is no supporter turn to label", remedy="give its text as turn=")
        told = yield Ask(self.classify, {"conversation": situation.rendered(), "turn": turn})
        found = situation.taxonomy.strategy(told.values["strategy"])
        likely = probabilities_by_id(told.probabilities.get("strategy"), situation.taxonomy)
        found, measured = self.fusion.strategy(found, likely, situation)
        return SupportPrediction(
            stage=next_stage(situation.stage, found, situation.taxonomy),
            strategy=found,
            strategy_probabilities=measured,
            reasoning=told.values.get("reasoning"),
        )
