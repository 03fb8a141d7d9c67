"""Stage, strategy and response of the supporter's next turn, one after the other."""

from __future__ import annotations

from csc_dspy.programs._base import Program, Steps
from csc_dspy.programs.history import Situation
from csc_dspy.programs.options import Options
from csc_dspy.programs.response_writer import ResponseWriter
from csc_dspy.programs.results import SupportPrediction, joined
from csc_dspy.programs.stage_tracker import StageTracker
from csc_dspy.programs.strategy_predictor import StrategyPredictor


class SupportAgent(Program):
    """history → stage → strategy → response."""

    name = "support-agent"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.tracker = StageTracker(self.options)
        self.strategist = StrategyPredictor(self.options)
        self.writer = ResponseWriter(self.options)

    def steps(self, situation: Situation) -> Steps:
        """Track the stage, choose the strategy, write the response."""
        tracked: SupportPrediction = yield from self.tracker.steps(situation)
        chosen: SupportPrediction = yield from self.strategist.steps(situation, stage=tracked.stage)
        decided = chosen.with_fields(
            stage=tracked.stage,
            stage_proposed=tracked.stage_proposed,
            reasoning=joined(tracked.reasoning, chosen.reasoning),
        )
        return (yield from self.writer.steps(situation, decided=decided))
