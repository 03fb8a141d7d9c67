"""Conversations to be read by people: in the terminal, and as a page."""

from csc_dspy.roleplay.showing.page import page
from csc_dspy.roleplay.showing.screen import lines
from csc_dspy.roleplay.showing.selecting import Shown, select

__all__ = ["Shown", "lines", "page", "select"]
