"""The programs: DSPy modules that track stages, label and choose strategies, and write responses."""

from csc_dspy.programs._base import Program, StreamItem
from csc_dspy.programs.fusion import Fusion
from csc_dspy.programs.history import History, Situation
from csc_dspy.programs.options import Options
from csc_dspy.programs.prior import TransitionPrior
from csc_dspy.programs.registry import PROGRAMS, create
from csc_dspy.programs.response_writer import ResponseWriter
from csc_dspy.programs.results import SupportPrediction
from csc_dspy.programs.stage_tracker import StageTracker
from csc_dspy.programs.strategy_classifier import StrategyClassifier
from csc_dspy.programs.strategy_predictor import StrategyPredictor
from csc_dspy.programs.support_agent import SupportAgent
from csc_dspy.programs.support_agent_joint import SupportAgentJoint

__all__ = [
    "PROGRAMS",
    "Fusion",
    "History",
    "Options",
    "Program",
    "ResponseWriter",
    "Situation",
    "StageTracker",
    "StrategyClassifier",
    "StrategyPredictor",
    "StreamItem",
    "SupportAgent",
    "SupportAgentJoint",
    "SupportPrediction",
    "TransitionPrior",
    "create",
]
