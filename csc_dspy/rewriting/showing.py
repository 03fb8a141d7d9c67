"""Transcripts as the questions about them show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.conversations import Conversation, render_turn

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Language


def shown(conversation: Conversation, language: Language, *, numbered: bool = False) -> str:
    """One turn a line, the supporter's with their strategies, where they have any."""
    lines = [render_turn(turn, language) for turn in conversation.dialogue]
    if numbered:
        lines = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
    return "\n".join(lines)
