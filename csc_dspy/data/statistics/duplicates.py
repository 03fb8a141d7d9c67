"""Turns and dialogues that occur more than once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from csc_dspy.data.statistics.repeats import RepeatCount, Repeats, text_key
from csc_dspy.data.statistics.scratch import Scratch
from csc_dspy.data.statistics.sketch import Sketch


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Equal texts of turns, whitespace aside, and dialogues in which all texts are equal."""

    supporter_turns: Repeats
    customer_turns: Repeats
    dialogues: Repeats

    @property
    def templated_share(self) -> float:
        """The share of supporter turns whose text occurs in another dialogue as well."""
        return self.supporter_turns.elsewhere_share

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "supporter_turns": self.supporter_turns.to_dict(),
            "customer_turns": self.customer_turns.to_dict(),
            "dialogues": self.dialogues.to_dict(),
            "templated_supporter_share": self.templated_share,
        }


class DuplicateCount:
    """Counts equal turns and dialogues."""

    def __init__(self, scratch: Scratch) -> None:
        self._supporter = RepeatCount(scratch)
        self._customer = RepeatCount(scratch)
        self._dialogues = RepeatCount(scratch)
        self._seen = 0

    def add(self, sketch: Sketch) -> None:
        """Count one conversation."""
        self._seen += 1
        self._supporter.add(self._seen, map(text_key, sketch.supporter_texts))
        self._customer.add(self._seen, map(text_key, sketch.customer_texts))
        self._dialogues.add(self._seen, (hash(sketch.conversation.content_hash),))

    def result(self) -> Duplicates:
        """All counts."""
        return Duplicates(
            supporter_turns=self._supporter.result(),
            customer_turns=self._customer.result(),
            dialogues=self._dialogues.result(),
        )
