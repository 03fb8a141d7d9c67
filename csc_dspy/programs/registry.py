"""Programs by name."""

from __future__ import annotations

from typing import Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.programs._base import Program
from csc_dspy.programs.options import Options
from csc_dspy.programs.response_writer import ResponseWriter
from csc_dspy.programs.stage_tracker import StageTracker
from csc_dspy.programs.strategy_classifier import StrategyClassifier
from csc_dspy.programs.strategy_predictor import StrategyPredictor
from csc_dspy.programs.support_agent import SupportAgent
from csc_dspy.programs.support_agent_joint import SupportAgentJoint

PROGRAMS: Final[dict[str, type[Program]]] = {
    program.name: program
    for program in (
        StageTracker,
        StrategyClassifier,
        StrategyPredictor,
        ResponseWriter,
        SupportAgent,
        SupportAgentJoint,
    )
}


def create(name: str, options: Options | None = None) -> Program:
    """A new, uncompiled program."""
    if name not in PROGRAMS:
        from difflib import get_close_matches

        close = get_close_matches(name, PROGRAMS, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else f"programs are {', '.join(PROGRAMS)}"
        raise ConfigError(f"no program is called {name!r}", remedy=remedy)
    return PROGRAMS[name](options)
