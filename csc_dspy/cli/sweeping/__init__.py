"""Carrying a sweep out, and telling of it."""

from csc_dspy.cli.sweeping.plan import show_plan
from csc_dspy.cli.sweeping.running import Sweep

__all__ = ["Sweep", "show_plan"]
