"""Metrics of strategies give the numbers of scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

from csc_dspy.metrics import Attempt, BreakdownCount
from csc_dspy.taxonomy import load_taxonomy
from tests.metrics.by_hand import at_random, score

TAXONOMIES = ("copc", "esconv")


def labels(dialogues: list[list[Attempt]]) -> tuple[list[str], list[str]]:
    """Gold and predicted ids of the labelled turns; the empty one for no answer."""
    pairs = [
        (gold.id, attempt.predicted.strategy.id if attempt.predicted.strategy else "")
        for dialogue in dialogues
        for attempt in dialogue
        if (gold := attempt.example.turn.strategy)
    ]
    golds, predicted = zip(*pairs, strict=True)
    return list(golds), list(predicted)


@pytest.mark.parametrize("taxonomy", TAXONOMIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_accuracy_and_f1(taxonomy: str, seed: int) -> None:
    dialogues = at_random(seed, taxonomy, turns=12, dialogues=3)
    gold, predicted = labels(dialogues)
    assert score("ACC", *dialogues, taxonomy=taxonomy) == pytest.approx(100 * accuracy_score(gold, predicted))
    expected = f1_score(gold, predicted, labels=sorted(set(gold)), average="macro", zero_division=0.0)
    assert score("macro_f1", *dialogues, taxonomy=taxonomy) == pytest.approx(100 * expected)


@pytest.mark.parametrize("taxonomy", TAXONOMIES)
def test_probabilities(taxonomy: str) -> None:
    dialogues = at_random(3, taxonomy, missing=0)
    ids = sorted(each.id for each in load_taxonomy(taxonomy).strategies)
    gold, _ = labels(dialogues)
    table = np.array(
        [
            [(attempt.predicted.strategy_probabilities or {})[id_] for id_ in ids]
            for dialogue in dialogues
            for attempt in dialogue
        ]
    )
    brier = brier_score_loss(gold, table, labels=ids, scale_by_half=False)
    assert score("brier", *dialogues, taxonomy=taxonomy) == pytest.approx(brier)
    for k in (2, 3):
        expected = 100 * top_k_accuracy_score(gold, table, k=k, labels=ids)
        assert score(f"top_{k}", *dialogues, taxonomy=taxonomy) == pytest.approx(expected)


@pytest.mark.parametrize("taxonomy", TAXONOMIES)
def test_breakdown(taxonomy: str) -> None:
    dialogues = at_random(4, taxonomy)
    count = BreakdownCount(load_taxonomy(taxonomy))
    for dialogue in dialogues:
        count.add(dialogue)
    found = count.result()
    ids = [each.id for each in load_taxonomy(taxonomy).strategies]
    gold, predicted = labels(dialogues)
    assert found.confusion
    assert found.strategies
    assert found.confusion.columns == (*ids, None)
    table = confusion_matrix(gold, predicted, labels=[*ids, ""])
    assert np.array(found.confusion.counts).tolist() == table[:-1].tolist()
    scores = np.array(precision_recall_fscore_support(gold, predicted, labels=ids, zero_division=0.0))
    ours = [(each.precision, each.recall, each.f1, each.support) for each in found.strategies]
    np.testing.assert_allclose(np.array(ours, dtype=float).T, scores * [[100], [100], [100], [1]])


def test_reading_probabilities_needs_no_order() -> None:
    """The order in which an engine names strategies changes nothing."""
    (dialogue,) = at_random(5, dialogues=1)
    turned = [
        replace(
            attempt,
            predicted=replace(
                attempt.predicted,
                strategy_probabilities=attempt.predicted.strategy_probabilities
                and dict(reversed([*attempt.predicted.strategy_probabilities.items()])),
            ),
        )
        for attempt in dialogue
    ]
    for name in ("top_2", "top_3", "brier", "ece"):
        assert score(name, turned) == pytest.approx(score(name, dialogue))
