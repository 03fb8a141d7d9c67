"""Where a system is right and wrong, counted by hand."""

from __future__ import annotations

import json

import pytest

from csc_dspy.exceptions import DataError
from csc_dspy.metrics import Breakdown, BreakdownCount, Dialogue
from csc_dspy.taxonomy import load_taxonomy
from tests.metrics.by_hand import at_random, dialogue, score


def breakdown(*dialogues: Dialogue, taxonomy: str = "esconv") -> Breakdown:
    count = BreakdownCount(load_taxonomy(taxonomy))
    for each in dialogues:
        count.add(each)
    return count.result()


FIRST = dialogue(
    "QU QU RF ? OT",
    "QU RF RF RF ?",
    stages="1 1 2 3 3",
    predicted_stages="1 2 2 ? 1",
    probabilities=(
        {"QU": 0.75, "RF": 0.25},
        {"RF": 0.625, "QU": 0.375},
        {"RF": 0.75, "OT": 0.25},
        None,
        None,
    ),
    taxonomy="esconv",
    language="zh",
)
SECOND = dialogue(
    "QU", "QU", stages="1", predicted_stages="1", probabilities=({"QU": 1.0},), taxonomy="esconv"
)


def test_as_plain_values() -> None:
    found = breakdown(FIRST, SECOND).to_dict()
    assert json.loads(json.dumps(found)) == found
    ids = [each.id for each in load_taxonomy("esconv").strategies]

    scores = {each.pop("id"): each for each in found["strategies"]}
    assert [*scores] == ids
    assert scores["question"] == {"support": 3, "precision": 100, "recall": pytest.approx(200 / 3), "f1": 80}
    assert scores["reflection_of_feelings"] == {
        "support": 1,
        "precision": 50,
        "recall": 100,
        "f1": pytest.approx(200 / 3),
    }
    assert scores["others"] == {"support": 1, "precision": None, "recall": 0, "f1": 0}
    assert scores["information"] == {"support": 0, "precision": None, "recall": None, "f1": None}

    assert found["confusion"]["rows"] == ids
    assert found["confusion"]["columns"] == [*ids, None]
    counts = {
        (row, column): number
        for row, line in zip(ids, found["confusion"]["counts"], strict=True)
        for column, number in zip([*ids, None], line, strict=True)
        if number
    }
    assert counts == {
        ("question", "question"): 2,
        ("question", "reflection_of_feelings"): 1,
        ("reflection_of_feelings", "reflection_of_feelings"): 1,
        ("others", None): 1,
    }

    assert found["stages"] == {
        "rows": ["exploration", "comforting", "action"],
        "columns": ["exploration", "comforting", "action", None],
        "counts": [[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 1]],
    }

    bins = found["calibration"]
    assert [(each["low"], each["high"]) for each in bins][:4] == [
        (0, 0.1),
        (0.1, 0.2),
        (0.2, 0.3),
        (0.3, 0.4),
    ]
    assert len(bins) == 10
    assert bins[0] == {"low": 0, "high": 0.1, "count": 0, "confidence": None, "accuracy": None}
    assert bins[6] == {"low": 0.6, "high": 0.7, "count": 1, "confidence": 0.625, "accuracy": 0}
    assert bins[7] == {"low": 0.7, "high": 0.8, "count": 2, "confidence": 0.75, "accuracy": 1}
    assert bins[9] == {"low": 0.9, "high": 1, "count": 1, "confidence": 1, "accuracy": 1}


def test_what_is_never_answered_is_none() -> None:
    assert breakdown(dialogue("QU RF", taxonomy="esconv")) == Breakdown(None, None, None, None)
    assert breakdown() == Breakdown(None, None, None, None)
    strategies_alone = breakdown(dialogue("QU RF", "QU ?", taxonomy="esconv")).to_dict()
    assert strategies_alone["stages"] is strategies_alone["calibration"] is None
    assert strategies_alone["strategies"]


@pytest.mark.parametrize("taxonomy", ["copc", "esconv"])
def test_it_agrees_with_the_metrics(taxonomy: str) -> None:
    dialogues = at_random(21, taxonomy)
    found = breakdown(*dialogues, taxonomy=taxonomy)
    assert found.strategies
    assert found.confusion
    assert found.stages
    assert found.calibration
    f1 = [each.f1 or 0 for each in found.strategies if each.support]
    assert sum(f1) / len(f1) == pytest.approx(score("macro_f1", *dialogues, taxonomy=taxonomy))
    for name, confusion in {"ACC": found.confusion, "stage_acc": found.stages}.items():
        right = sum(row[place] for place, row in enumerate(confusion.counts))
        share = 100 * right / sum(map(sum, confusion.counts))
        assert share == pytest.approx(score(name, *dialogues, taxonomy=taxonomy))
    gaps = [
        each.count * abs(each.confidence - each.accuracy)
        for each in found.calibration
        if each.confidence is not None and each.accuracy is not None
    ]
    count = sum(each.count for each in found.calibration)
    assert 100 * sum(gaps) / count == pytest.approx(score("ece", *dialogues, taxonomy=taxonomy))


def test_results_on_the_way() -> None:
    count = BreakdownCount(load_taxonomy("esconv"))
    count.add(FIRST)
    before = count.result()
    count.add(SECOND)
    assert before == breakdown(FIRST)
    assert count.result() == breakdown(SECOND, FIRST)


def test_another_taxonomy_is_refused() -> None:
    with pytest.raises(DataError, match="is of the taxonomy 'esconv', which is not the one scored by"):
        breakdown(FIRST, taxonomy="copc")
