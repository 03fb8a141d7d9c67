"""One turn of what a speaker says in several."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.rewriting._base import Transcript


def merge_turns(conversation: Conversation) -> Conversation:
    """The conversation with consecutive turns of a speaker as one, so that the speakers alternate.

    Their texts stand behind each other with a space between. Labels and whatever else the first turn carries
    stay; a conversation that alternates already is the same.
    """
    runs = [list(run) for _, run in groupby(conversation.dialogue, key=lambda turn: turn.speaker)]
    if len(runs) == len(conversation.dialogue):
        return conversation
    return conversation.with_turns([_merged(run) for run in runs])


def _merged(run: list[Turn]) -> Turn:
    first, *more = run
    if not more:
        return first
    return first.model_copy(update={"text": " ".join(turn.text.strip() for turn in run)})


class Merging:
    """`merge_turns` as a step."""

    name = "merge"

    @property
    def identity(self) -> Mapping[str, Any]:
        """Nothing: there is one way."""
        return {}

    async def take(self, transcript: Transcript) -> Transcript:
        """Merge the turns."""
        return transcript.having(merge_turns(transcript.conversation))
