"""Agreement: against figures worked out by hand, and against scikit-learn."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from sklearn.metrics import cohen_kappa_score

from csc_dspy.evaluation.agreement import (
    Estimate,
    agreement,
    cohen_kappa,
    krippendorff_alpha,
    percent_agreement,
)
from csc_dspy.exceptions import ConfigError


def test_worked_by_hand() -> None:
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: 35 of 50 agree; by chance (25·30 + 25·20) / 50² = 0.5.
    pairs = [*[(1, 1)] * 20, *[(1, 0)] * 5, *[(0, 1)] * 10, *[(0, 0)] * 15]
    found = agreement(pairs)
    assert found.units == 50
    assert found.percent.value == pytest.approx(70)
    assert found.kappa.value == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    # 100 ratings, 55 yes and 45 no, 2·15 of them in disagreement: 1 - 99·15/(55·45).
    assert found.alpha.value == pytest.approx(1 - 99 * 15 / (55 * 45))


def test_krippendorffs_own_example_with_missing_ratings() -> None:
    # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", C: four observers, twelve units.
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    found = agreement(zip(*observers, strict=True))
    assert found.alpha.value == pytest.approx(0.743, abs=5e-4)
    assert found.units == 11
    assert found.kappa == Estimate(None)


@pytest.mark.parametrize("seed", range(10))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    draw = random.Random(seed)
    first = [draw.choice("abc") for _ in range(40)]
    second = [each if draw.random() < 0.5 else draw.choice("abcd") for each in first]
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))


@pytest.mark.parametrize("seed", range(10))
def test_alpha_counts_disagreements(seed: int) -> None:
    draw = random.Random(seed)
    units = [[draw.choice([0, 0, 1, 2, None]) for _ in range(4)] for _ in range(30)]
    assert krippendorff_alpha(units) == pytest.approx(_alpha(units))


def _alpha(units: Sequence[Sequence[int | None]]) -> float:
    """By its definition: one minus disagreement within units over that among all ratings."""
    rated = [[each for each in unit if each is not None] for unit in units]
    rated = [unit for unit in rated if len(unit) > 1]
    every = [each for unit in rated for each in unit]
    within = sum(sum(a != b for a in unit for b in unit) / (len(unit) - 1) for unit in rated) / len(every)
    among = sum(a != b for a in every for b in every) / (len(every) * (len(every) - 1))
    return 1 - within / among


def test_where_everybody_says_the_same_chance_is_undefined() -> None:
    found = agreement([("yes", "yes")] * 5)
    assert found.percent == Estimate(100, 100, 100)
    assert found.kappa == found.alpha == Estimate(None)
    assert cohen_kappa(["yes"], ["yes"]) is krippendorff_alpha([("yes", "yes")]) is None


def test_nothing_rated_twice() -> None:
    found = agreement([("yes", None), (None, None)])
    assert found.units == 0
    assert found.percent == found.kappa == found.alpha == Estimate(None)
    assert percent_agreement([]) is None


def test_perfect_and_opposite() -> None:
    assert cohen_kappa("abab", "abab") == krippendorff_alpha(zip("abab", "abab", strict=True)) == 1
    assert cohen_kappa("abab", "baba") == -1


def test_ragged_units_are_refused() -> None:
    with pytest.raises(ConfigError, match="different numbers of raters"):
        agreement([(1, 1), (1, 1, 0)])


def test_intervals_hold_the_value_narrow_with_more_units_and_follow_the_seed() -> None:
    pairs = [*[(1, 1)] * 20, *[(1, 0)] * 5, *[(0, 1)] * 10, *[(0, 0)] * 15]
    few, many = agreement(pairs, seed=3), agreement(pairs * 20, seed=3)
    for narrow, wide in ((many.percent, few.percent), (many.alpha, few.alpha)):
        assert narrow.low is not None
        assert narrow.high is not None
        assert wide.low is not None
        assert wide.high is not None
        assert wide.value is not None
        assert wide.low < narrow.low < wide.value < narrow.high < wide.high
    # The standard error of 70 % of 50 is 6.5 points: 95 % of the resamples lie within 1.96 of it.
    assert few.percent.low == pytest.approx(70 - 1.96 * 6.48, abs=3)
    assert few.percent.high == pytest.approx(70 + 1.96 * 6.48, abs=3)
    assert agreement(pairs, seed=3) == few != agreement(pairs, seed=4)
