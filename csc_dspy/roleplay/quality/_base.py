"""What every check is given, and what may be set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from csc_dspy.conversations import Conversation
from csc_dspy.roleplay._base import Ending, Flaw
from csc_dspy.taxonomy import Language


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where the checks draw their lines."""

    fewest_turns: int = 8
    """A shorter dialogue has gone through no stages."""
    most_turns: int = 50
    """A longer one was to be ended by whoever played it."""
    longest_turn: int = 500
    """In characters; more is no longer spoken."""
    same_sentence: int = 3
    """How often one sentence said by one side makes it a set phrase."""
    same_pattern: int = 4
    """In how many turns of one side the same run of words makes it a pattern."""
    running: int = 2
    """How often running one strategy may be followed."""


STANDARD: Final = Limits()
"""For dialogues that were played, by the rules of the play."""

REFERENCE: Final = Limits(running=3)
"""For conversations that people wrote or held: now and then one follows a strategy three times running."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A dialogue before the checks."""

    conversation: Conversation
    language: Language
    limits: Limits
    ended: Ending | None = None
    """How it ended, where that is known."""


Check = Callable[[Checked], Iterator[Flaw]]
"""Finds flaws of one sort. A check is quick and asks nobody."""
