"""The parts of the page. Each is made from the results, or is None where they say nothing of it."""

from csc_dspy.evaluation.report.sections.calibration import calibration_section
from csc_dspy.evaluation.report.sections.conversations import conversations_section
from csc_dspy.evaluation.report.sections.cost import cost_section
from csc_dspy.evaluation.report.sections.headline import headline_section
from csc_dspy.evaluation.report.sections.stages import stages_section
from csc_dspy.evaluation.report.sections.strategies import strategies_section

__all__ = [
    "calibration_section",
    "conversations_section",
    "cost_section",
    "headline_section",
    "stages_section",
    "strategies_section",
]
