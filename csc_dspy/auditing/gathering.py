"""What an audit keeps of a corpus while it goes through it: for each labelled turn a row, and no texts."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from csc_dspy.auditing.names import named
from csc_dspy.auditing.near_turns import NearTurns
from csc_dspy.auditing.rules import Place, Rule, places
from csc_dspy.conversations import Conversation, one_line, render
from csc_dspy.exceptions import DataError
from csc_dspy.lm.embedded.head_features import head_features
from csc_dspy.lm.embedded.sparse import GrowingRows
from csc_dspy.taxonomy import Taxonomy

NO_STAGE: Final = -1
_NEAR_THE_END: Final = 3


@dataclass
class Gathered:
    """Rows, and beside them columns of the same length; members of the taxonomy by their place in it.

    The first ``judged`` rows are the corpus, those behind them are only learned from.
    """

    taxonomy: Taxonomy
    features: GrowingRows = field(default_factory=GrowingRows)
    strategies: array[int] = field(default_factory=lambda: array("i"))
    stages: array[int] = field(default_factory=lambda: array("i"))
    """Those that are given; `NO_STAGE` where none is."""
    dialogues: array[int] = field(default_factory=lambda: array("i"))
    """The place of the row's dialogue among ``names``; only of rows that are judged, as all that follows."""
    turns: array[int] = field(default_factory=lambda: array("i"))
    """The place of the row's turn in its dialogue."""
    broken: dict[int, list[Rule]] = field(default_factory=dict)
    """The rules that speak against a row's label, where there are any."""
    names: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    """Of what is said in each dialogue."""
    unlabelled: int = 0
    near: NearTurns = field(default_factory=NearTurns)

    @property
    def judged(self) -> int:
        """How many rows are the corpus's own."""
        return len(self.turns)

    def add(self, name: str, conversation: Conversation, rules: Sequence[Rule]) -> None:
        """Take in a conversation of the corpus."""
        self.names.append(name)
        self.digests.append(_digest(conversation))
        self.unlabelled += sum(turn.strategy is None for _, turn in conversation.supporter_turns())
        for index, place in self._learn(name, conversation):
            if broken := [rule for rule in rules if rule.holds(place)]:
                self.broken[self.judged] = broken
            self.dialogues.append(len(self.names) - 1)
            self.turns.append(index)
            self.near.add(conversation, place.turn)

    def add_training(self, conversations: Iterable[Conversation]) -> None:
        """Take in what is only learned from, when the corpus is complete.

        Dialogues that are in the corpus as well are left out: their labels would speak for themselves.
        """
        own = set(self.digests)
        for name, conversation in named(conversations):
            if _digest(conversation) not in own:
                for _ in self._learn(name, conversation):
                    pass

    def _learn(self, name: str, conversation: Conversation) -> Iterator[tuple[int, Place]]:
        """Add the rows of a conversation, and tell of each."""
        if conversation.taxonomy != self.taxonomy:
            raise DataError(
                f"is labelled by the taxonomy {conversation.taxonomy.id!r}, others by {self.taxonomy.id!r}",
                where=f"dialogue {name}",
                remedy="audit conversations of one taxonomy at a time",
            )
        for index, place in places(conversation):
            self.features.append(head_features(fields_of(conversation, index, place)))
            self.strategies.append(self.taxonomy.strategies.index(place.strategy))
            stage = place.turn.stage
            self.stages.append(NO_STAGE if stage is None else self.taxonomy.stages.index(stage))
            yield index, place


def fields_of(conversation: Conversation, index: int, place: Place) -> dict[str, str]:
    """The fields that the strategy classifier is asked with, and how near the end is: an audit may know."""
    return {
        "conversation": render(conversation.dialogue[:index], place.language),
        "turn": one_line(place.turn.text),
        "turns_left": str(min(len(place.later), _NEAR_THE_END)),
    }


def _digest(conversation: Conversation) -> bytes:
    return bytes.fromhex(conversation.content_hash)[:16]
