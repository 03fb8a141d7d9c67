"""Counting what two sequences share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence


def overlaps(one: Sequence[Hashable], other: Sequence[Hashable], highest: int) -> list[int]:
    """How many n-grams of ``one`` are in ``other`` too, for n from 1 to ``highest``.

    One that repeats counts no more often than the other sequence has it.
    """
    found = [0] * highest
    for order in range(1, highest + 1):
        found[order - 1] = _overlap(ngrams(one, order), ngrams(other, order))
        # What shares no n-gram shares no longer one.
        if not found[order - 1]:
            break
    return found


def ngrams(sequence: Sequence[Hashable], order: int) -> Sequence[Hashable]:
    """All runs of ``order`` neighbours; of a text they are texts again."""
    if order == 1:
        return sequence
    if isinstance(sequence, str):
        return [sequence[start : start + order] for start in range(len(sequence) - order + 1)]
    return [*zip(*[sequence[start:] for start in range(order)], strict=False)]


def _overlap(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    kinds, other_kinds = set(one), set(other)
    shared = kinds & other_kinds
    # Counting takes longest, and is needed only where both repeat themselves.
    if len(kinds) == len(one) or len(other_kinds) == len(other):
        return len(shared)
    counts, other_counts = Counter(one), Counter(other)
    return sum(map(min, map(counts.__getitem__, shared), map(other_counts.__getitem__, shared)))
