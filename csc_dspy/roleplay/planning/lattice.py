"""Going through all combinations of several lists so that every beginning of the way is even."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import gcd, prod


class Lattice:
    """An order of all combinations of positions in lists of these sizes.

    Any run of as many indices as a list is long has each of its positions once, give or take the few places
    where a step is longer; all combinations have come once after ``len()`` indices, and then come again.
    Nothing is stored, so an order of any length costs no memory.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = tuple(sizes)

    def __len__(self) -> int:
        return prod(self._sizes)

    def at(self, index: int) -> list[int]:
        """The positions of the combination at ``index``, one for each list."""
        positions = []
        for size, further, stride in self._steps:
            turn, position = divmod(index, size)
            positions.append(position)
            # A stride without a common factor leads every position past all combinations of the lists behind.
            index = (position + turn * stride) % further
        return positions

    @cached_property
    def _steps(self) -> tuple[tuple[int, int, int], ...]:
        behind = [prod(self._sizes[place + 1 :]) for place in range(len(self._sizes))]
        return tuple(
            (size, further, _stride(size, further)) for size, further in zip(self._sizes, behind, strict=True)
        )


def _stride(least: int, count: int) -> int:
    """The first number from ``least`` up that shares no factor with ``count``."""
    while gcd(least, count) > 1:
        least += 1
    return least
