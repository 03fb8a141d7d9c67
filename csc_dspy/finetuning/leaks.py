"""Evaluation dialogues among those to learn from, told by what is said in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.data.near_duplicates import NearDuplicates
from csc_dspy.exceptions import LeakError

if TYPE_CHECKING:
    from csc_dspy.conversations import Conversation

_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Leak:
    """A dialogue to learn from, and an evaluation dialogue that it equals, at least nearly."""

    dialogue: str
    evaluation: str

    def __str__(self) -> str:
        return f"{self.dialogue} ~ {self.evaluation}"


class EvaluationLeakError(LeakError):
    """Evaluation dialogues would have been exported; ``leaks`` has all of them."""

    def __init__(self, leaks: Sequence[Leak]) -> None:
        self.leaks = tuple(leaks)
        listed = "; ".join(map(str, leaks[:_LISTED])) + ("; …" if len(leaks) > _LISTED else "")
        super().__init__(
            f"{len(leaks)} dialogues are evaluation dialogues, exactly or nearly: {listed}",
            remedy="nothing was written; --leaks drop leaves them out",
        )


class Screen:
    """Recognises evaluation dialogues, and what is nearly one."""

    def __init__(self, corpora: Iterable[tuple[str, Iterable[Conversation]]]) -> None:
        """``corpora`` of evaluation dialogues, by their names."""
        self._found = NearDuplicates()
        self._names: list[str] = []
        for source, conversations in corpora:
            for conversation in conversations:
                self._found.add(conversation)
                self._names.append(f"{conversation.id or conversation.content_hash[:16]} ({source})")

    def leak(self, conversation: Conversation) -> Leak | None:
        """What a dialogue gives away, if anything."""
        alike = self._found.like(conversation)
        if not alike:
            return None
        return Leak(conversation.id or conversation.content_hash[:16], self._names[alike[0]])
