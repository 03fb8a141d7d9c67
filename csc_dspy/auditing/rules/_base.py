"""What a rule is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from csc_dspy.conversations import Conversation, Turn, next_stage
from csc_dspy.taxonomy import Language, Localized, Stage, Strategy, Taxonomy


@dataclass(frozen=True, slots=True)
class Place:
    """A supporter turn with a strategy, and what stands around it."""

    turn: Turn
    strategy: Strategy
    language: Language
    taxonomy: Taxonomy
    running: Stage
    """The stage that the turns before have led to."""
    earlier: tuple[Strategy | None, ...]
    """The strategies of the supporter's turns before, the first one first."""
    later: tuple[Strategy | None, ...]
    """Those of the turns behind."""

    def labelled(self, *ids: str) -> bool:
        """Whether the turn has one of these strategies."""
        return self.strategy.id in ids


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that speaks against a given label.

    ``weight`` is by how much it raises the log odds that the label is wrong.
    """

    id: str
    weight: float
    says: Localized
    """What is odd, as a part of a sentence."""
    holds: Callable[[Place], bool]


def places(conversation: Conversation) -> Iterator[tuple[int, Place]]:
    """The labelled supporter turns of a conversation, with their positions in the dialogue."""
    turns = [*conversation.supporter_turns()]
    strategies = tuple(turn.strategy for _, turn in turns)
    taxonomy, language = conversation.taxonomy, conversation.spoken_language
    running = taxonomy.stages[0]
    for number, (index, turn) in enumerate(turns):
        if turn.strategy is not None:
            around = strategies[:number], strategies[number + 1 :]
            yield index, Place(turn, turn.strategy, language, taxonomy, running, *around)
        running = turn.stage or next_stage(running, turn.strategy, taxonomy)
