"""Which conversations a page shows: there is room for some, and those with mistakes tell most."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from csc_dspy.conversations import Conversation
from csc_dspy.evaluation.report.verdicts import Exhibit, Judge
from csc_dspy.metrics import Attempt

ROOM: Final = 300
"""More would make the page slow to open."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The conversations shown, worst first, and how many there are in all."""

    exhibits: Sequence[Exhibit]
    total: int


def worst(
    dialogues: Iterable[tuple[Conversation, Mapping[str, Sequence[Attempt]]]],
    judges: Mapping[str, Judge],
    room: int = ROOM,
) -> Selection:
    """Those with the largest shares of wrong answers, then of failures; no more are kept at a time."""
    heap: list[tuple[float, float, int, Exhibit]] = []
    total = 0
    for conversation, attempts in dialogues:
        total += 1
        exhibit = Exhibit(
            conversation, {context: attempts[context] for context in judges if context in attempts}
        )
        # No two have the same number, so that exhibits themselves are never compared.
        entry = (*_badness(exhibit, judges), -total, exhibit)
        if len(heap) < room:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)
    return Selection([entry[-1] for entry in sorted(heap, reverse=True)], total)


def _badness(exhibit: Exhibit, judges: Mapping[str, Judge]) -> tuple[float, float]:
    answers = max(1, exhibit.answers)
    return sum(exhibit.wrong(judges).values()) / answers, exhibit.failures / answers
