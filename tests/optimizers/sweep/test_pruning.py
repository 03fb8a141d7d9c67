"""Giving trials up: what is sure, what is not, and how often it is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wilcoxon

from csc_dspy.optimizers.sweep.pruning import (
    dominated,
    likely_worse,
    looks,
    packed,
    signed_rank_z,
    unpacked,
)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("values", [(-1, 0, 1), (-2, -1, 0, 0.5, 1)])
def test_the_statistic_is_that_of_scipy(seed: int, values: tuple[float, ...]) -> None:
    differences = np.random.default_rng(seed).choice(values, size=60)
    theirs = wilcoxon(differences, zero_method="pratt", correction=False, method="approx")
    assert abs(signed_rank_z(differences)) == pytest.approx(abs(theirs.zstatistic))


def test_its_sign_and_its_end() -> None:
    assert signed_rank_z([0, 0, 0]) == 0
    assert signed_rank_z([-1, -1, -1, 0, 1]) == -signed_rank_z([1, 1, 1, 0, -1]) < 0
    # Four differences of one size share the rank 2.5: 10 - 2 * 0 of a deviation of 5.
    assert signed_rank_z([1, 1, 1, 1]) == 2


def test_looks_grow_and_end_with_the_last_turn() -> None:
    assert list(looks(182)) == [16, 24, 36, 54, 81, 122, 182]
    assert list(looks(16)) == [16]
    assert list(looks(5)) == [5]


def test_what_is_worse_is_given_up_and_what_is_better_is_not() -> None:
    right, wrong = np.ones(100), np.zeros(100)
    assert likely_worse(wrong[:16], right, 100, 0.1)
    assert not likely_worse(right[:16], wrong, 100, 0.1)
    assert not likely_worse(right[:16], right, 100, 0.1)
    # Too few differences tell nothing, however clear they are.
    few = np.array([0.0] * 5 + [1.0] * 11)
    assert not likely_worse(few, right, 100, 0.1)
    # Turns that do not count are left out.
    holes = np.where(np.arange(16) < 12, np.nan, 0.0)
    assert not likely_worse(holes, right, 100, 0.1)


def test_towards_the_end_less_is_enough() -> None:
    # Twelve turns differ; of these it is behind in eight. That is 4 / sqrt(12) = 1.15 deviations.
    ours, theirs = np.ones(90), np.ones(90)
    ours[:8] = 0
    theirs[8:12] = 0
    # Of 10,000 turns it is not sure, with 90 of 100 seen it is: 1.15 / sqrt(0.1) = 3.7 deviations.
    assert not likely_worse(ours, np.concatenate([theirs, np.ones(9910)]), 10_000, 0.1)
    assert likely_worse(ours, np.concatenate([theirs, np.ones(10)]), 100, 0.001)


@pytest.mark.parametrize("level", [0.05, 0.1])
def test_how_often_a_better_trial_is_given_up(level: float) -> None:
    chance = np.random.default_rng(7)
    turns, lost, better = 182, 0, 0
    for _ in range(400):
        ours, theirs = (chance.random((2, turns)) < [[0.46], [0.42]]).astype(float)
        if ours.sum() > theirs.sum():
            better += 1
            lost += any(likely_worse(ours[:seen], theirs, turns, level) for seen in looks(turns))
    assert better > 200
    assert lost / better < level


def test_how_much_is_saved_on_worse_trials() -> None:
    chance = np.random.default_rng(8)
    turns, seen = 182, []
    for _ in range(100):
        ours, theirs = (chance.random((2, turns)) < [[0.25], [0.45]]).astype(float)
        seen.append(next((n for n in looks(turns) if likely_worse(ours[:n], theirs, turns, 0.1)), turns))
    assert np.mean(seen) < 0.4 * turns


def test_of_several_objectives_all_have_to_be_worse_or_alike() -> None:
    good, bad, same = np.ones(50), np.zeros(50), np.full(50, 2.0)

    def columns(*each: np.ndarray) -> np.ndarray:
        return np.stack(each, axis=1)

    maximize = (True, False)
    # Worse by the first, and as dear.
    assert dominated(columns(bad, same)[:20], columns(good, same), maximize, 50, 0.1)
    # Worse by the first, but cheaper.
    assert not dominated(columns(bad, good)[:20], columns(good, same), maximize, 50, 0.1)
    # Worse by both: less is better by the second.
    assert dominated(columns(bad, same)[:20], columns(good, good), maximize, 50, 0.1)
    # Alike by both.
    assert not dominated(columns(good, same)[:20], columns(good, same), maximize, 50, 0.1)
    # Not alike by the second, and not surely worse.
    nearly = same.copy()
    nearly[3] = 2.5
    assert not dominated(columns(bad, nearly)[:20], columns(good, same), maximize, 50, 0.1)


def test_marks_are_kept_as_they_are() -> None:
    marks = [(1.0, 0.25), (None, 3.5), (0.0, 1e-3)]
    found = unpacked(packed(marks), 2)
    assert found.shape == (3, 2)
    assert np.isnan(found[1, 0])
    assert found[2, 1] == np.float32(1e-3)
    long = packed([(float(turn % 3 == 0),) for turn in range(25_000)])
    assert len(long) < 2_000
