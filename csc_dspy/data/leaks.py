"""Near-duplicates that would end up in different parts of a split, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from csc_dspy.data.split_parts import AGAINST, LEAKED
from csc_dspy.exceptions import LeakError
from csc_dspy.taxonomy import Language

_LISTED: Final = 3


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What is remembered of a conversation: enough to name, count and place it, nothing of what was said.

    ``position`` counts from 1 in its source; ``part`` is the one it drew, or `AGAINST` if it is of a corpus
    that no part may have anything of.
    """

    id: str
    position: int
    content_hash: str
    language: Language
    source: str
    turns: int
    part: str

    def __str__(self) -> str:
        return f"{self.id} ({self.part})"


@dataclass(frozen=True, slots=True)
class Leak:
    """Near-duplicates of one another that drew different parts, and the part that is to have them all."""

    part: str
    dialogues: tuple[Dialogue, ...]

    def __str__(self) -> str:
        return " ~ ".join(map(str, self.dialogues))

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        members = [{"id": each.id, "position": each.position, "drew": each.part} for each in self.dialogues]
        return {"part": self.part, "dialogues": members}


class LeaksFoundError(LeakError):
    """A split that leaks was to be refused; ``leaks`` has all that was found."""

    exit_code = 1

    def __init__(self, leaks: Sequence[Leak]) -> None:
        self.leaks = tuple(leaks)
        listed = "; ".join(map(str, leaks[:_LISTED])) + ("; …" if len(leaks) > _LISTED else "")
        super().__init__(
            f"{len(leaks)} groups of near-duplicates would be in different parts: {listed}",
            remedy="nothing was written; with move in place of refuse each group goes to one part",
        )


def find_leaks(groups: Iterable[Sequence[int]], dialogues: Sequence[Dialogue]) -> tuple[Leak, ...]:
    """The groups of near-duplicates that are in more than one part; ``groups`` has places in ``dialogues``.

    A group goes to the part that its dialogue with the smallest content hash drew, but what is together with
    a dialogue of another corpus is leaked.
    """
    together = (tuple(dialogues[place] for place in group) for group in groups)
    return tuple(Leak(_destination(group), group) for group in together if len({d.part for d in group}) > 1)


def _destination(group: Sequence[Dialogue]) -> str:
    if any(dialogue.part == AGAINST for dialogue in group):
        return LEAKED
    return min(group, key=lambda dialogue: dialogue.content_hash).part
