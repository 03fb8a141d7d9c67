"""Intervals and tests against what follows from counting everything."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.evaluation import bootstrap
from csc_dspy.evaluation.bootstrap import interval, permutation_p, resampled


def test_the_interval_of_two_dialogues() -> None:
    # One dialogue all right, one all wrong: a draw has 0, 1 or 2 of the right one, by 1/4, 1/2 and 1/4.
    tallies = np.array([[1.0, 1.0], [0.0, 1.0]])
    sums = resampled(tallies, seed=0, resamples=4000)
    values = sums[:, 0] / sums[:, 1]
    assert set(values) == {0.0, 0.5, 1.0}
    assert np.mean(values == 0.5) == pytest.approx(0.5, abs=0.05)
    assert interval(values) == (0.0, 1.0)


def test_the_interval_of_many_dialogues_is_that_of_the_binomial() -> None:
    # 30 of 100 dialogues are right: a draw's share is binomial, 0.3 ± 1.96 · sqrt(0.3 · 0.7 / 100).
    tallies = np.array([[1.0]] * 30 + [[0.0]] * 70)
    found = interval(resampled(tallies, seed=3, resamples=20_000)[:, 0])
    assert found == pytest.approx((30 - 9, 30 + 9), abs=1)


def test_percentiles_by_hand() -> None:
    # 0, 1, …, 1000: a fortieth of them lies below 25, another above 975.
    assert interval(np.arange(1001.0)) == (25.0, 975.0)
    assert interval(np.array([np.nan, 1.0, np.nan, 1.0])) == (1.0, 1.0)
    assert interval(np.array([np.nan, np.nan])) is None


def test_every_draw_has_as_many_dialogues_as_there_are() -> None:
    sums = resampled(np.ones((7, 1)), seed=1)
    assert sums.shape == (1000, 1)
    assert (sums == 7).all()


def test_the_seed_alone_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    tallies = np.random.default_rng(5).integers(0, 9, size=(40, 3)).astype(float)
    first = resampled(tallies, seed=1)
    assert (resampled(tallies, seed=1) == first).all()
    assert (resampled(tallies, seed=2) != first).any()
    # In however many portions they are drawn.
    monkeypatch.setattr(bootstrap, "_MOST_WEIGHTS", 330)
    assert (resampled(tallies, seed=1) == first).all()


def by_counting(differences: list[int]) -> float:
    """The share of all assignments of signs whose total is at least as far from zero."""
    observed = abs(sum(differences))
    totals = [
        abs(sum(sign * size for sign, size in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return float(Fraction(sum(total >= observed for total in totals), len(totals)))


@given(st.lists(st.integers(-4, 4), max_size=9))
def test_the_permutation_test_counts_all_assignments(differences: list[int]) -> None:
    assert permutation_p(differences) == pytest.approx(by_counting(differences))


def test_the_permutation_test_by_hand() -> None:
    assert permutation_p([]) == 1.0
    assert permutation_p([0, 0]) == 1.0
    # Five of five dialogues better: two of the 32 assignments are as extreme.
    assert permutation_p([1, 2, 1, 3, 1]) == pytest.approx(2 / 32)
    assert permutation_p([1] * 2000) == pytest.approx(0, abs=1e-300)
