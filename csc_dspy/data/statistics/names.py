"""How often names occur, however many there are: sources, and topics, which are free text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge, nlargest
from itertools import groupby
from operator import itemgetter
from typing import BinaryIO, Final

from csc_dspy.data.statistics.scratch import Scratch

MOST_FREQUENT: Final = 20
_ROOM: Final = 1 << 22
# What a counted name takes beside its characters, roughly.
_OVERHEAD: Final = 200


@dataclass(frozen=True, slots=True)
class Names:
    """How many different names there are, the most frequent ones with their counts, and how many lack one."""

    distinct: int
    most_frequent: dict[str, int]
    unnamed: int


class NameCount:
    """Counts names within ``room`` bytes or so; what does not fit waits on disk, in sorted runs."""

    def __init__(self, scratch: Scratch, room: int = _ROOM) -> None:
        self._scratch = scratch
        self._room = self._left = room
        self._counts: Counter[str] = Counter()
        self._runs: list[BinaryIO] = []
        self._unnamed = 0

    def add(self, name: str | None) -> None:
        """Count one name."""
        if not name:
            self._unnamed += 1
            return
        if name not in self._counts:
            self._left -= len(name) + _OVERHEAD
        self._counts[name] += 1
        if self._left < 0:
            self._spill()

    def _spill(self) -> None:
        with self._scratch.writing():
            run = self._scratch.file()
            for item in sorted(self._counts.items()):
                run.write(json.dumps(item).encode() + b"\n")
            run.seek(0)
        self._runs.append(run)
        self._counts.clear()
        self._left = self._room

    def result(self) -> Names:
        """The most frequent names, those of equal count by the alphabet."""
        distinct = 0

        def totals() -> Iterator[tuple[str, int]]:
            nonlocal distinct
            runs = (map(json.loads, run) for run in self._runs)
            items = merge(sorted(self._counts.items()), *runs, key=itemgetter(0))
            for name, same in groupby(items, key=itemgetter(0)):
                distinct += 1
                yield name, sum(count for _, count in same)

        most_frequent = nlargest(MOST_FREQUENT, totals(), key=itemgetter(1))
        return Names(distinct, dict(most_frequent), self._unnamed)
