"""Turn examples: each supporter turn of a conversation, with the history it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from csc_dspy.conversations.model import Conversation, Turn
from csc_dspy.taxonomy import Language, Stage


@dataclass(frozen=True, slots=True)
class TurnExample:
    """The supporter turn at ``index`` of a conversation, as something to predict.

    It refers to its conversation instead of copying the turns, so that all examples of a conversation
    together take no more room than the conversation.
    """

    conversation: Conversation
    index: int
    stage: Stage
    language: Language

    @property
    def id(self) -> str:
        """Names this example in journals and reports."""
        return f"{self.conversation.id or self.conversation.content_hash[:16]}#{self.index}"

    @property
    def history(self) -> tuple[Turn, ...]:
        """The turns before, earlier strategies included."""
        return self.conversation.dialogue[: self.index]

    @property
    def turn(self) -> Turn:
        """The supporter turn itself: its strategy and text are the answer."""
        return self.conversation.dialogue[self.index]


def turn_examples(conversations: Iterable[Conversation]) -> Iterator[TurnExample]:
    """Every supporter turn of the conversations, in order."""
    for conversation in conversations:
        stages, language = conversation.stages(), conversation.spoken_language
        for index, _ in conversation.supporter_turns():
            yield TurnExample(conversation, index, stages[index], language)
