"""The text of the supporter's next turn, by a given strategy."""

from __future__ import annotations

from csc_dspy.conversations import next_stage
from csc_dspy.exceptions import DataError
from csc_dspy.programs._base import Ask, Program, Steps
from csc_dspy.programs.history import Situation
from csc_dspy.programs.options import Options
from csc_dspy.programs.results import SupportPrediction, joined
from csc_dspy.signatures import write_response


class ResponseWriter(Program):
    """history, strategy → response."""

    name = "response-writer"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.write = self.predictor(
            write_response(self.options.taxonomy, self.options.language, self.options.shown)
        )

    def steps(self, situation: Situation, *, decided: SupportPrediction | None = None) -> Steps:
        """Ask for the text. ``decided`` is what is known of the turn already and stays in the result."""
        strategy = decided.strategy if decided else situation.strategy
        if strategy is None:
            raise DataError("there is no strategy to write by", remedy="name one")
        decided = decided or SupportPrediction(
            stage=next_stage(situation.stage, strategy, situation.taxonomy), strategy=strategy
        )
        inputs = {"conversation": situation.rendered(), "strategy": strategy.name[situation.language]}
        if self.options.shown.stage and decided.stage is not None:
            inputs["stage"] = decided.stage.name[situation.language]
        told = yield Ask(self.write, inputs, streamed="response", decided=decided)
        return decided.with_fields(
            response=told.values["response"],
            reasoning=joined(decided.reasoning, told.values.get("reasoning")),
        )
