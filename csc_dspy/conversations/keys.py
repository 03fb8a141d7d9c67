"""Telling apart what prompts are made from."""

from __future__ import annotations

from csc_dspy.conversations.model import Conversation
from csc_dspy.journal import content_key


def history_key(history: Conversation, *more: object) -> str:
    """A key for what prompts show of a history, and for ``more``.

    Other fields of a conversation may hold what JSON cannot.
    """
    turns = [
        (turn.speaker, turn.text, turn.strategy and turn.strategy.id, turn.stage and turn.stage.id)
        for turn in history.dialogue
    ]
    return content_key(history.language, turns, *more)
