"""Which dialogues are to be played: an even, endless order of tasks."""

from csc_dspy.roleplay.planning.plan import Plan
from csc_dspy.roleplay.planning.rarity import rare_strategies
from csc_dspy.roleplay.planning.summary import Summary

__all__ = ["Plan", "Summary", "rare_strategies"]
