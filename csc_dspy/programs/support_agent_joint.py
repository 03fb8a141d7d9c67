"""Stage, strategy and response of the supporter's next turn, in one call."""

from __future__ import annotations

from csc_dspy.programs._base import Ask, Program, Steps, hide
from csc_dspy.programs.fusion import Fusion
from csc_dspy.programs.history import Situation
from csc_dspy.programs.options import Options
from csc_dspy.programs.response_writer import ResponseWriter
from csc_dspy.programs.results import SupportPrediction, probabilities_by_id
from csc_dspy.programs.stage_rule import allowed_stage
from csc_dspy.signatures import support_turn


class SupportAgentJoint(Program):
    """history → stage, strategy, response, in one call.

    The response is written for the strategy that the language model chose, so the transition prior cannot
    overrule that choice here; it may only be shown as a hint.
    """

    name = "support-agent-joint"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.fusion = Fusion(of=None)
        self.answer = self.predictor(
            support_turn(self.options.taxonomy, self.options.language, self.options.shown)
        )
        self.writer = ResponseWriter(self.options)
        # Writes where the caller has decided the strategy, which is not this program's own task.
        hide(self.writer)

    def steps(self, situation: Situation) -> Steps:
        """Ask for everything at once; with a given strategy, only for the response."""
        if situation.strategy is not None:
            return (yield from self.writer.steps(situation))
        told = yield Ask(self.answer, self._inputs(situation), streamed="response")
        taxonomy = situation.taxonomy
        proposed = taxonomy.stage(told.values["stage"])
        return SupportPrediction(
            stage=allowed_stage(proposed, situation.stage, taxonomy),
            stage_proposed=proposed,
            strategy=taxonomy.strategy(told.values["strategy"]),
            strategy_probabilities=probabilities_by_id(told.probabilities.get("strategy"), taxonomy),
            response=told.values["response"],
            reasoning=told.values.get("reasoning"),
        )

    def _inputs(self, situation: Situation) -> dict[str, str]:
        inputs = situation.inputs(self.options.shown)
        if self.options.shown.hint:
            inputs["hint"] = self.fusion.hint(situation.strategies, situation.taxonomy, situation.language)
        return inputs
