"""The best trial, the Pareto front, and its knee."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from csc_dspy.optimizers.sweep.front import best, front, knee


@dataclass(frozen=True)
class Point:
    number: int
    values: tuple[float, ...]


UP_AND_DOWN = (True, False)
POINTS = [
    Point(0, (10, 1)),
    Point(1, (50, 4)),
    Point(2, (48, 2)),
    Point(3, (47, 3)),
    Point(4, (48, 2)),
    Point(5, (9, 1)),
]


def test_the_best() -> None:
    assert best(POINTS, True).number == 1
    assert best(POINTS, False).number == 5
    assert best([Point(3, (1,)), Point(2, (1,))], True).number == 2


def test_the_front_has_what_nothing_is_better_than() -> None:
    assert [each.number for each in front(POINTS, UP_AND_DOWN)] == [1, 2, 0]
    assert [each.number for each in front(POINTS, (False, False))] == [5]


def test_the_knee_is_nearest_to_the_ideal() -> None:
    points = front(POINTS, UP_AND_DOWN)
    # Scaled to the front, what is lacking is (0, 1), (0.05, 1/3) and (1, 0).
    assert knee(points, UP_AND_DOWN).number == 2


@pytest.mark.parametrize("points", [[Point(0, (1, 1))], [Point(0, (2, 2)), Point(1, (1, 1))]])
def test_of_equally_near_ones_it_is_the_first(points: list[Point]) -> None:
    assert knee(points, UP_AND_DOWN).number == 0
