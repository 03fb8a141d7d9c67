"""The stage of the supporter's coming turn."""

from __future__ import annotations

from csc_dspy.programs._base import Ask, Program, Steps
from csc_dspy.programs.fusion import Fusion
from csc_dspy.programs.history import Situation
from csc_dspy.programs.options import Options
from csc_dspy.programs.results import SupportPrediction, stage_probabilities_by_id
from csc_dspy.programs.stage_rule import allowed_stage
from csc_dspy.signatures import track_stage


class StageTracker(Program):
    """history → stage."""

    name = "stage-tracker"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.fusion = Fusion(of="stage")
        self.track = self.predictor(
            track_stage(self.options.taxonomy, self.options.language, self.options.shown)
        )

    def steps(self, situation: Situation) -> Steps:
        """Ask for the stage and hold it against the rule."""
        told = yield Ask(self.track, situation.inputs(self.options.shown))
        said = situation.taxonomy.stage(told.values["stage"])
        measured = stage_probabilities_by_id(told.probabilities.get("stage"), situation.taxonomy)
        proposed = self.fusion.stage(said, measured, situation)
        return SupportPrediction(
            stage=allowed_stage(proposed, situation.stage, situation.taxonomy),
            stage_proposed=proposed,
            reasoning=told.values.get("reasoning"),
        )
