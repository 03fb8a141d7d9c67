"""Which trials are best: by one objective the best one, by several those that nothing is better than."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Valued(Protocol):
    """Something with a value by each objective."""

    @property
    def number(self) -> int:
        """Of equal ones, the lower goes first."""
        ...

    @property
    def values(self) -> Sequence[float]:
        """By each objective."""
        ...


T = TypeVar("T", bound=Valued)


def best(trials: Sequence[T], maximize: bool) -> T:  # noqa: FBT001  as Optuna has directions
    """The best by the first objective; of equal ones the earliest."""
    sign = 1 if maximize else -1
    return max(trials, key=lambda each: (sign * each.values[0], -each.number))


def front(trials: Sequence[T], maximize: Sequence[bool]) -> list[T]:
    """The Pareto front, the best by the first objective first; of equal ones the earliest alone."""
    unlike: dict[tuple[float, ...], T] = {}
    for each in sorted(trials, key=lambda each: each.number):
        unlike.setdefault(_upward(each, maximize), each)
    found = [
        (values, each)
        for values, each in unlike.items()
        if not any(_dominates(other, values) for other in unlike)
    ]
    return [each for _, each in sorted(found, key=lambda pair: [-value for value in pair[0]])]


def knee(points: Sequence[T], maximize: Sequence[bool]) -> T:
    """The point of a front to take where nothing is known of what matters more.

    Every objective is scaled to its range on the front, and the point nearest to the ideal one is taken, that
    is the best of all in everything; of equally near ones the first.
    """
    upward = [_upward(each, maximize) for each in points]
    ends = [(min(column), max(column)) for column in zip(*upward, strict=True)]
    distances = [math.hypot(*map(_lacking, values, ends)) for values in upward]
    nearest = min(distances)
    place = next(place for place, each in enumerate(distances) if math.isclose(each, nearest))
    return points[place]


def _lacking(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return (high - value) / (high - low) if high > low else 0.0


def _upward(point: Valued, maximize: Sequence[bool]) -> tuple[float, ...]:
    """The values so that more is better."""
    return tuple(value if more else -value for value, more in zip(point.values, maximize, strict=True))


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))
