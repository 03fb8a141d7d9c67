"""Counts beside their share of a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from csc_dspy.taxonomy import Stage, Strategy


def share(part: int, whole: int) -> float:
    """``part`` of ``whole`` as a fraction; nothing of nothing is 0."""
    return part / whole if whole else 0.0


def by_member(members: Iterable[Stage | Strategy], counts: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Number, count and share of each stage or strategy, in the order of the taxonomy."""
    total = sum(counts.values())
    return {
        member.id: {
            "number": member.number,
            "count": counts[member.id],
            "share": share(counts[member.id], total),
        }
        for member in members
    }
