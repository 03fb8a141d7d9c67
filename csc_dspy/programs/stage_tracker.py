"""The stage of the supporter's coming turn."""

from __future__ import annotations

from csc_dspy.programs._base import Ask, Program, Steps
from csc_dspy.programs.history import Situation
from csc_dspy.programs.options import Options
from csc_dspy.programs.results import SupportPrediction
from csc_dspy.programs.stage_rule import allowed_stage
from csc_dspy.signatures import track_stage


class StageTracker(Program):
    """history → stage."""

    name = "stage-tracker"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.track = self.predictor(
            track_stage(self.options.taxonomy, self.options.language, self.options.shown)
        )

    def steps(self, situation: Situation) -> Steps:
        """Ask for the stage and hold it against the rule."""
        told = yield Ask(self.track, situation.inputs(self.options.shown))
        proposed = situation.taxonomy.stage(told.values["stage"])
        return SupportPrediction(
            stage=allowed_stage(proposed, situation.stage, situation.taxonomy),
            stage_proposed=proposed,
            reasoning=told.values.get("reasoning"),
        )
