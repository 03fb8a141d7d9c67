"""Which rows are taken where not all are, and how often: as many as are wanted, drawn by their content."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping

from csc_dspy.finetuning.balancing import Cell

_UNSIGNED_64 = "Q"


def draw(seed: int, content: bytes) -> int:
    """A number that depends on the content and the seed alone."""
    return int.from_bytes(hashlib.blake2b(b"%d:" % seed + content, digest_size=8).digest(), "big")


class Census:
    """The rows that could be taken, by cell: eight bytes of each."""

    def __init__(self) -> None:
        self._drawn: dict[Cell, array[int]] = {}

    def add(self, cell: Cell, drawn: int) -> None:
        """Count a row."""
        self._drawn.setdefault(cell, array(_UNSIGNED_64)).append(drawn)

    @property
    def counts(self) -> dict[Cell, int]:
        """How many rows there are."""
        return {cell: len(drawn) for cell, drawn in self._drawn.items()}

    def choice(self, wanted: Mapping[Cell, int]) -> Choice:
        """What takes exactly ``wanted`` rows of each cell."""
        times: dict[Cell, int] = {}
        bounds: dict[Cell, int] = {}
        for cell, drawn in self._drawn.items():
            times[cell], more = divmod(wanted[cell], len(drawn))
            bounds[cell] = sorted(drawn)[more - 1] if more else -1
        return Choice(times, bounds)


class Choice:
    """How often each row is taken."""

    def __init__(self, times: Mapping[Cell, int], bounds: Mapping[Cell, int]) -> None:
        self._times = times
        self._bounds = bounds

    def copies(self, cell: Cell, drawn: int) -> int:
        """How often the row is taken; 0 where it is not."""
        return self._times[cell] + (drawn <= self._bounds[cell])
