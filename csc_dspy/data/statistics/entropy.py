"""How uncertain the next strategy is, in bits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import log2
from typing import Any


@dataclass(frozen=True, slots=True)
class Entropy:
    """An entropy and the number of equally likely choices that would be as uncertain."""

    bits: float

    @property
    def perplexity(self) -> float:
        """2 to the power of the entropy."""
        return 2**self.bits

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"bits": self.bits, "perplexity": self.perplexity}


def entropy(counts: Collection[int]) -> Entropy | None:
    """H(s) of what occurred so often; None where nothing occurred."""
    total = sum(counts)
    if not total:
        return None
    return Entropy(sum(count / total * log2(total / count) for count in counts if count))


def conditional_entropy(followers: Mapping[str, Mapping[str, int]]) -> Entropy | None:
    """H(s_t | s_{t-1}) where ``followers[a][b]`` tells how often b came right after a; None without any."""
    rows = [tuple(row.values()) for row in followers.values()]
    total = sum(map(sum, rows))
    if not total:
        return None
    known = [(sum(row) / total, entropy(row)) for row in rows]
    return Entropy(sum(weight * each.bits for weight, each in known if each))
