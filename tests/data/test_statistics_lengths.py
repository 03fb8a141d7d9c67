"""Summaries of lengths agree with the standard library and numpy."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.data.statistics.lengths import LONGEST, Histogram, Length

LENGTHS = st.lists(st.integers(0, 400), min_size=1, max_size=60)


def summary(values: list[int]) -> Length:
    histogram = Histogram()
    histogram.add(values)
    return histogram.summary()


@given(LENGTHS)
def test_summaries_are_exact(values: list[int]) -> None:
    found = summary(values)
    assert (found.count, found.min, found.max) == (len(values), min(values), max(values))
    assert found.mean == sum(values) / len(values)
    assert found.median == statistics.median(values)
    assert found.p95 == pytest.approx(np.percentile(values, 95))


@given(LENGTHS, LENGTHS)
def test_counting_apart_is_counting_together(some: list[int], others: list[int]) -> None:
    first, second = Histogram(), Histogram()
    first.add(some)
    second.add(others)
    assert (first | second).summary() == summary(some + others)


def test_nothing_has_no_summary() -> None:
    assert summary([]) == Length(0)


def test_enormous_lengths_take_no_room_and_stay_exact_where_it_matters() -> None:
    values = [10, LONGEST * 3, LONGEST * 7]
    found = summary(values)
    assert (found.min, found.max, found.mean) == (10, LONGEST * 7, sum(values) / 3)
    assert found.median == LONGEST
