"""Metrics of whole dialogues, counted by hand and against SciPy."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest
from scipy.spatial.distance import jensenshannon

from csc_dspy.metrics import Attempt
from csc_dspy.taxonomy import Language, Strategy
from tests.metrics.by_hand import at_random, dialogue, score

BOTH: list[tuple[Language, str]] = [("zh", "copc"), ("en", "esconv")]


@pytest.mark.parametrize(("language", "taxonomy"), BOTH)
def test_coverage_of_stages(language: Language, taxonomy: str) -> None:
    first = dialogue(
        "OT OT OT", stages="1 2 3", predicted_stages="1 1 3", taxonomy=taxonomy, language=language
    )
    # The prediction may visit stages in another order, and others besides.
    second = dialogue("OT OT", stages="1 2", predicted_stages="2 3", taxonomy=taxonomy, language=language)
    missing = dialogue("OT OT", stages="1 1", predicted_stages="? ?", taxonomy=taxonomy, language=language)
    assert score("stage_coverage", first, taxonomy=taxonomy) == pytest.approx(100 * 2 / 3)
    assert score("stage_coverage", second, taxonomy=taxonomy) == 50
    assert score("stage_coverage", missing, taxonomy=taxonomy) == 0
    together = score("stage_coverage", first, second, missing, taxonomy=taxonomy)
    assert together == pytest.approx(100 * 3 / 6)


@pytest.mark.parametrize(("language", "taxonomy"), BOTH)
def test_repetition(language: Language, taxonomy: str) -> None:
    turns = dialogue("OT " * 9, "RP PS PS PS PS RP RP ? RP", taxonomy=taxonomy, language=language)
    assert score("repetition", turns, taxonomy=taxonomy) == pytest.approx(100 * 2 / 8)


def test_no_run_goes_on_in_the_next_dialogue() -> None:
    assert score("repetition", dialogue("OT OT", "PS PS"), dialogue("OT OT", "PS PS")) == 0
    assert math.isnan(score("repetition", dialogue("OT OT OT")))


@pytest.mark.parametrize(("language", "taxonomy"), BOTH)
def test_transitions(language: Language, taxonomy: str) -> None:
    turns = dialogue("RP PS OT OT", "RP PS PS PS", taxonomy=taxonomy, language=language)
    # Gold: start RP, RP PS, PS OT, OT OT. Predicted: start RP, RP PS, twice PS PS. Half of either is common.
    assert score("transition_divergence", turns, taxonomy=taxonomy) == pytest.approx(0.5)


def test_transitions_that_are_the_same_or_quite_different() -> None:
    assert score("transition_divergence", dialogue("RP PS OT", "RP PS OT")) == 0
    assert score("transition_divergence", dialogue("RP PS OT", "OT PS RP")) == pytest.approx(1)
    # What is missing is different from anything.
    assert score("transition_divergence", dialogue("RP PS OT", "? ? ?")) == pytest.approx(1)
    assert math.isnan(score("transition_divergence", dialogue("? ?", "RP RP")))


def test_only_labelled_neighbours_are_transitions() -> None:
    # Of gold OT ? OT only the start is a transition; what is predicted beside the gap is not looked at.
    assert score("transition_divergence", dialogue("OT ? OT", "OT PS RP")) == 0
    # Where the first turn is not labelled there is no start.
    assert score("transition_divergence", dialogue("? OT OT", "PS OT OT")) == 0
    # Counts are added up before they are compared: order of dialogues and who said what do not matter.
    first, second = dialogue("RP PS", "OT IV"), dialogue("OT IV", "RP PS")
    assert score("transition_divergence", first, second) == 0


def transitions(dialogues: list[list[Attempt]], *, gold: bool) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()

    def name(strategy: Strategy | None) -> str:
        return strategy.id if strategy else "none"

    for turns in dialogues:
        labels = [(each.example.turn.strategy, each.predicted.strategy) for each in turns]
        if labels[0][0]:
            counts["start", name(labels[0][not gold])] += 1
        for before, now in pairwise(labels):
            if before[0] and now[0]:
                counts[name(before[not gold]), name(now[not gold])] += 1
    return counts


@pytest.mark.parametrize("taxonomy", ["copc", "esconv"])
def test_transitions_against_scipy(taxonomy: str) -> None:
    dialogues = at_random(7, taxonomy)
    gold, predicted = (transitions(dialogues, gold=which) for which in (True, False))
    pairs = sorted(gold.keys() | predicted.keys())
    distance = jensenshannon([gold[pair] for pair in pairs], [predicted[pair] for pair in pairs], base=2)
    assert score("transition_divergence", *dialogues, taxonomy=taxonomy) == pytest.approx(distance**2)
