"""What every metric promises, by all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from csc_dspy.metrics import METRICS, Aspect, Attempt, Metric, Predicted, Unit, metric
from csc_dspy.taxonomy import load_taxonomy
from tests.metrics.by_hand import at_random, value_of

NAMES = [*METRICS]
NUMBERS = {"brier", "stage_distance", "transition_divergence"}
LOWER_IS_BETTER = {*NUMBERS, "ece", "stage_backward", "repetition"}
UNDEFINED_WHERE_ALL_FAILS = {"ece", "stage_backward", "repetition"}
"""These look at what was answered, and at nothing else."""


def built(name: str, taxonomy: str = "copc") -> Metric:
    return metric(name, load_taxonomy(taxonomy))


def perfect(attempt: Attempt) -> Attempt:
    turn, stage = attempt.example.turn, attempt.example.stage
    strategy = turn.strategy
    probabilities = {strategy.id: 1.0} if strategy else None
    return replace(attempt, predicted=Predicted(stage, strategy, turn.text, probabilities))


def failed(attempt: Attempt) -> Attempt:
    return replace(attempt, predicted=Predicted(error="timed out"))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    it = built(name)
    assert it.name == name
    assert it.aspect in get_args(Aspect)
    assert it.unit in get_args(Unit)
    assert (it.unit == "number") == (name in NUMBERS)
    assert it.higher_is_better == (name not in LOWER_IS_BETTER)


@pytest.mark.parametrize("taxonomy", ["copc", "esconv"])
@pytest.mark.parametrize("name", NAMES)
def test_tallies_add_up(name: str, taxonomy: str) -> None:
    it, dialogues = built(name, taxonomy), at_random(11, taxonomy, turns=8)
    tallies = it.tallies(dialogues)
    assert tallies.dtype == np.float64
    assert tallies.shape[0] == len(dialogues)
    one_by_one = np.concatenate([it.tallies([dialogue]) for dialogue in dialogues])
    np.testing.assert_allclose(tallies, one_by_one)
    np.testing.assert_allclose(it.value(tallies.sum(0)), it.value(2 * tallies.sum(0)))
    assert it.tallies([]).shape == (0, tallies.shape[1])


@pytest.mark.parametrize("name", NAMES)
def test_values_of_many_sums_at_once(name: str) -> None:
    it = built(name)
    tallies = it.tallies(at_random(12, turns=6))
    draws = np.random.default_rng(0).integers(0, 3, size=(5, 4, len(tallies)))
    # Among them one draw of nothing, which must not disturb the others.
    draws[0, 0] = 0
    sums = draws @ tallies
    values = it.value(sums)
    assert values.shape == (5, 4)
    assert np.isnan(values[0, 0])
    alone = [[float(it.value(each)) for each in row] for row in sums]
    np.testing.assert_allclose(values, alone)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_counted_is_undefined(name: str) -> None:
    it = built(name)
    assert np.isnan(value_of(it, []))
    assert np.isnan(value_of(it, [[]]))


@pytest.mark.parametrize("taxonomy", ["copc", "esconv"])
@pytest.mark.parametrize("name", NAMES)
def test_the_best_the_worst_and_between(name: str, taxonomy: str) -> None:
    it, dialogues = built(name, taxonomy), at_random(13, taxonomy, turns=6)
    best, given, worst = (
        value_of(it, [[each(attempt) for attempt in dialogue] for dialogue in dialogues])
        for each in (perfect, lambda attempt: attempt, failed)
    )
    if name in UNDEFINED_WHERE_ALL_FAILS:
        assert np.isnan(worst)
    elif name in LOWER_IS_BETTER:
        assert best == pytest.approx(0)
        assert best < given < worst
    else:
        assert worst == 0
        assert given < best or name.startswith("distinct_")
        assert best == pytest.approx(100) or it.aspect == "response"
    if it.unit == "percent":
        assert 0 <= given <= 100


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNDEFINED_WHERE_ALL_FAILS])
def test_a_failure_never_helps(name: str) -> None:
    it, dialogues = built(name), at_random(14, turns=10, dialogues=2)
    complete = [[perfect(attempt) for attempt in dialogue] for dialogue in dialogues]
    labelled = next(place for place, each in enumerate(complete[0]) if each.example.turn.strategy)
    with_failure = [[*complete[0]], complete[1]]
    with_failure[0][labelled] = failed(complete[0][labelled])
    before, after = value_of(it, complete), value_of(it, with_failure)
    assert after >= before if name in LOWER_IS_BETTER else after <= before or name.startswith("distinct_")
