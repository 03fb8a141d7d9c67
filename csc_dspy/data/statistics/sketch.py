"""What all counts are given of a conversation, read off in one pass over its turns."""

from __future__ import annotations

from dataclasses import dataclass
from operator import eq
from typing import Protocol, TypeVar

from csc_dspy.conversations import Conversation
from csc_dspy.taxonomy import Language


@dataclass(frozen=True, slots=True)
class Sketch:
    """A conversation as lists. Strategies and stages are numbers, 0 where the turn carries none.

    ``positions``, ``supporter_texts``, ``strategies`` and ``stages`` run alongside: one entry for each
    supporter turn. ``stages`` are the given ones only.
    """

    conversation: Conversation
    language: Language
    turns: int
    alternates: bool
    positions: list[int]
    supporter_texts: list[str]
    customer_texts: list[str]
    strategies: list[int]
    stages: list[int]

    @classmethod
    def of(cls, conversation: Conversation) -> Sketch:
        """The sketch of a conversation."""
        turns = conversation.dialogue
        speakers = [turn.speaker for turn in turns]
        positions = [index for index, speaker in enumerate(speakers) if speaker == "supporter"]
        supporter = [turns[index] for index in positions]
        return cls(
            conversation=conversation,
            language=conversation.spoken_language,
            turns=len(turns),
            alternates=not any(map(eq, speakers, speakers[1:])),
            positions=positions,
            supporter_texts=[turn.text for turn in supporter],
            customer_texts=[turn.text for turn in turns if turn.speaker == "customer"],
            strategies=[turn.strategy.number if turn.strategy else 0 for turn in supporter],
            stages=[turn.stage.number if turn.stage else 0 for turn in supporter],
        )


R_co = TypeVar("R_co", covariant=True)


class Count(Protocol[R_co]):
    """Takes sketches one by one, in room that does not grow with their number."""

    def add(self, sketch: Sketch) -> None:
        """Count one conversation."""

    def result(self) -> R_co:
        """What was counted; asked once, after the last conversation."""
