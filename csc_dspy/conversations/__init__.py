"""Conversations: who said what, by which strategy, at which stage, and how a prompt shows it."""

from csc_dspy.conversations.examples import TurnExample, turn_examples
from csc_dspy.conversations.keys import history_key
from csc_dspy.conversations.language import detect_language
from csc_dspy.conversations.model import Conversation, Turn
from csc_dspy.conversations.rendering import one_line, render, render_turn
from csc_dspy.conversations.speakers import Speaker, speaker_name
from csc_dspy.conversations.stages import derive_stages, next_stage

__all__ = [
    "Conversation",
    "Speaker",
    "Turn",
    "TurnExample",
    "derive_stages",
    "detect_language",
    "history_key",
    "next_stage",
    "one_line",
    "render",
    "render_turn",
    "speaker_name",
    "turn_examples",
]
