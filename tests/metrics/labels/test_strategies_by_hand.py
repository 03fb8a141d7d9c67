"""Metrics of strategies, counted by hand."""

from __future__ import annotations

import math

import pytest

from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Language
from tests.metrics.by_hand import dialogue, score

BOTH: list[tuple[Language, str]] = [("zh", "copc"), ("en", "esconv"), ("en", "copc"), ("zh", "esconv")]
# Abbreviations that both taxonomies have.
GOLD, PREDICTED = "RP PS OT RP ? PS", "RP PS RP ? PS OT"


@pytest.mark.parametrize(("language", "taxonomy"), BOTH)
def test_accuracy(language: Language, taxonomy: str) -> None:
    turns = dialogue(GOLD, PREDICTED, taxonomy=taxonomy, language=language)
    # The fifth turn is not labelled; the fourth is not answered.
    assert score("ACC", turns, taxonomy=taxonomy) == pytest.approx(100 * 2 / 5)


@pytest.mark.parametrize(("language", "taxonomy"), BOTH)
def test_macro_f1(language: Language, taxonomy: str) -> None:
    turns = dialogue(GOLD, PREDICTED, taxonomy=taxonomy, language=language)
    # Gold RP 2, PS 2, OT 1; predicted RP 2, PS 1, OT 1; right RP 1, PS 1, OT 0.
    expected = 100 * (2 * 1 / 4 + 2 * 1 / 3 + 0) / 3
    assert score("macro_f1", turns, taxonomy=taxonomy) == pytest.approx(expected)


def test_what_is_never_gold_has_no_f1_of_its_own() -> None:
    assert score("macro_f1", dialogue("PR PR", "PR EM")) == pytest.approx(100 * 2 / 3)


def test_mid_leaves_openings_and_closings_out() -> None:
    turns = dialogue("GT IV PR PS ID RC AC", "GT IV PR ID ? RC GT")
    assert score("ACC", turns) == pytest.approx(100 * 4 / 7)
    assert score("mid", turns) == pytest.approx(100 * 2 / 4)
    # Predicting one of them elsewhere is as wrong as anything else.
    assert score("mid", dialogue("PR PS", "GT PS")) == 50
    assert math.isnan(score("mid", dialogue("GT IV AC", "GT IV AC")))


def test_esconv_has_neither() -> None:
    turns = dialogue("QU RP IN OT", "QU QU IN OT", taxonomy="esconv")
    assert score("mid", turns, taxonomy="esconv") == score("ACC", turns, taxonomy="esconv") == 75


PROBABLE = (
    {"PS": 0.5, "RP": 0.3, "OT": 0.2},
    {"PS": 0.25, "RP": 0.25, "OT": 0.5},
    None,
    {"PS": 1.0},
)


@pytest.mark.parametrize(("language", "taxonomy"), BOTH)
def test_the_likeliest(language: Language, taxonomy: str) -> None:
    turns = dialogue("RP PS PS OT", probabilities=PROBABLE, taxonomy=taxonomy, language=language)
    # Of equally likely strategies the earlier one goes first: RP before PS before what has no probability.
    assert score("top_2", turns, taxonomy=taxonomy) == 25
    assert score("top_3", turns, taxonomy=taxonomy) == 50


@pytest.mark.parametrize(("language", "taxonomy"), BOTH)
def test_brier(language: Language, taxonomy: str) -> None:
    turns = dialogue("RP PS PS OT", probabilities=PROBABLE, taxonomy=taxonomy, language=language)
    first = 0.5**2 + 0.7**2 + 0.2**2
    second = 0.75**2 + 0.25**2 + 0.5**2
    # Without probabilities as bad as with all of them on a wrong strategy.
    assert score("brier", turns, taxonomy=taxonomy) == pytest.approx((first + second + 2 + 2) / 4)


@pytest.mark.parametrize(("language", "taxonomy"), BOTH)
def test_calibration_error(language: Language, taxonomy: str) -> None:
    probabilities = (
        {"PS": 0.62, "RP": 0.38},  # right
        {"PS": 0.68, "RP": 0.32},  # wrong
        {"PS": 0.1, "RP": 0.9},  # right, and the lower bound belongs to the bin
        {"PS": 0.05, "RP": 0.95},  # right
        {"PS": 1.0},  # wrong, in the last bin as well
        None,
    )
    turns = dialogue("PS RP RP RP OT PS", probabilities=probabilities, taxonomy=taxonomy, language=language)
    expected = 100 * (abs(0.62 + 0.68 - 1) + abs(0.9 + 0.95 + 1.0 - 2)) / 5
    assert score("ece", turns, taxonomy=taxonomy) == pytest.approx(expected)


def test_errors_in_opposite_directions_do_not_make_up_for_each_other_across_bins() -> None:
    turns = dialogue("PS RP", probabilities=({"PS": 0.5, "OT": 0.5}, {"PS": 0.95, "RP": 0.05}))
    assert score("ece", turns) == pytest.approx(100 * (0.5 + 0.95) / 2)


@pytest.mark.parametrize("name", ["macro_f1", "transition_divergence"])
def test_a_strategy_of_another_taxonomy_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="'self_disclosure' is of the taxonomy 'esconv'"):
        score(name, dialogue("SD", "SD", taxonomy="esconv"), taxonomy="copc")
