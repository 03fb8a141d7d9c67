"""The strategy of the supporter's next turn."""

from __future__ import annotations

from csc_dspy.conversations import next_stage
from csc_dspy.programs._base import Ask, Program, Steps
from csc_dspy.programs.fusion import Fusion
from csc_dspy.programs.history import Situation
from csc_dspy.programs.options import Options
from csc_dspy.programs.results import SupportPrediction, probabilities_by_id
from csc_dspy.signatures import predict_strategy
from csc_dspy.taxonomy import Stage, Strategy


class StrategyPredictor(Program):
    """history → strategy; the stage follows from it."""

    name = "strategy-predictor"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.fusion = Fusion()
        self.predict = self.predictor(
            predict_strategy(self.options.taxonomy, self.options.language, self.options.shown)
        )

    def steps(self, situation: Situation, *, stage: Stage | None = None) -> Steps:
        """Ask for the strategy, unless it is given, and join the answer with the transition prior.

        ``stage`` is that of the coming turn where it is decided before.
        """
        if situation.strategy is not None:
            given = situation.strategy
            return SupportPrediction(stage=stage or _follows(situation, given), strategy=given)
        told = yield Ask(self.predict, self._inputs(situation, stage))
        found = situation.taxonomy.strategy(told.values["strategy"])
        likely = probabilities_by_id(told.probabilities.get("strategy"), situation.taxonomy)
        found, measured = self.fusion.strategy(found, likely, situation)
        return SupportPrediction(
            stage=stage or _follows(situation, found),
            strategy=found,
            strategy_probabilities=measured,
            reasoning=told.values.get("reasoning"),
        )

    def _inputs(self, situation: Situation, stage: Stage | None) -> dict[str, str]:
        inputs = situation.inputs(self.options.shown)
        if self.options.shown.stage:
            inputs["stage"] = (stage or situation.stage).name[situation.language]
        if self.options.shown.hint:
            inputs["hint"] = self.fusion.hint(situation.strategies, situation.taxonomy, situation.language)
        return inputs


def _follows(situation: Situation, strategy: Strategy) -> Stage:
    return next_stage(situation.stage, strategy, situation.taxonomy)
