"""Charts as SVG inside a page. Their colours are those of the page, also in the dark."""

from csc_dspy.evaluation.report.charts.bars import StrategyScore, strategy_bars
from csc_dspy.evaluation.report.charts.calibration import calibration_curve
from csc_dspy.evaluation.report.charts.flow import stage_flow
from csc_dspy.evaluation.report.charts.heatmap import confusion_heatmap

__all__ = ["StrategyScore", "calibration_curve", "confusion_heatmap", "stage_flow", "strategy_bars"]
