"""Predictions of other systems: scored if they fit the data one to one, else refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.evaluation import evaluate
from csc_dspy.exceptions import DataError
from tests.evaluation.dialogues import STRATEGIES, TURNS, conversations, write_rows

Rows = list[dict[str, Any]]
COUNT = 3


def good_rows(**more: object) -> Rows:
    """The gold strategy and text for every turn."""
    return [
        {
            "dialogue": conversation.id,
            "turn": index,
            "strategy": turn.strategy.id,
            "response": turn.text,
            **more,
        }
        for conversation in conversations(COUNT)
        for index, turn in conversation.supporter_turns()
        if turn.strategy
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "predictions.jsonl"


def test_gold_is_perfect(file: Path) -> None:
    found = evaluate(write_rows(file, good_rows()), conversations(COUNT))
    assert found.contexts == ("reference",)
    scores = found.scores["reference"]
    assert {scores[name].value for name in ("ACC", "R-L", "chrF", "macro_f1")} == {100.0}
    assert (scores["ACC"].low, scores["ACC"].high) == (100.0, 100.0)
    assert "stage_acc" not in scores
    content = found.content["reference"]
    assert (content["latency"], content["seconds"], content["stages"]) == (None, None, None)
    assert content["cost"]["calls"] == 0
    assert found.content["about"]["lm"] is None


@pytest.mark.parametrize(
    "spell",
    [
        lambda each: each.label,
        lambda each: each.number,
        lambda each: each.name.zh,
        lambda each: each.abbreviation,
    ],
    ids=["label", "number", "Chinese", "abbreviation"],
)
def test_labels_in_any_spelling(file: Path, spell: Callable[[Any], object]) -> None:
    rows = [
        {"dialogue": conversation.id, "turn": index, "strategy": spell(turn.strategy)}
        for conversation in conversations(COUNT)
        for index, turn in conversation.supporter_turns()
    ]
    found = evaluate(write_rows(file, rows), conversations(COUNT))
    assert found.scores["reference"]["ACC"].value == 100.0
    assert "B-2" not in found.scores["reference"]


def test_the_order_of_the_rows_does_not_matter_and_the_form_neither(file: Path) -> None:
    rows = [*reversed(good_rows()), *good_rows(context="generated")]
    file.write_text(json.dumps(rows), encoding="utf-8")
    found = evaluate(file, conversations(COUNT))
    assert found.contexts == ("reference", "generated")
    assert found.scores["reference"] == found.scores["generated"]


def test_probabilities_are_scored_where_they_are_given(file: Path) -> None:
    rows = good_rows()
    for each in rows:
        each["strategy_probabilities"] = {each["strategy"]: 0.75, "Others": 0.25}
    found = evaluate(write_rows(file, rows), conversations(COUNT))
    # By hand: 0.25 ** 2 + 0.25 ** 2, and 0.75 sure where 100 % are right.
    assert found.scores["reference"]["brier"].value == pytest.approx(0.125)
    assert found.scores["reference"]["ece"].value == pytest.approx(25.0)


def test_a_system_may_fail(file: Path) -> None:
    rows = good_rows()
    rows[0] = {"dialogue": "d0", "turn": 0, "error": "timed out"}
    rows[1] = {"dialogue": "d0", "turn": 2, "error": "timed out"}
    found = evaluate(write_rows(file, rows), conversations(COUNT))
    assert found.content["reference"]["failure_reasons"] == {"timed out": 2}
    assert found.scores["reference"]["ACC"].value == pytest.approx(100 * 10 / 12, abs=1e-3)


def test_another_taxonomy(file: Path) -> None:
    rows = [
        {"dialogue": f"d{number}", "turn": 2 * place, "strategy": strategy}
        for number in range(COUNT)
        for place, strategy in enumerate(STRATEGIES["esconv"])
    ]
    found = evaluate(write_rows(file, rows), conversations(COUNT, "esconv"))
    assert found.scores["reference"]["ACC"].value == 100.0


def changed(place: int, **fields: object) -> Callable[[Rows], Rows]:
    """Changes one row."""
    return lambda rows: [row | fields if number == place else row for number, row in enumerate(rows)]


# Row 5 stands in line 6 and is turn 2 of dialogue d1.
BAD: list[tuple[str, Callable[[Rows], Rows], str]] = [
    (
        "missing",
        lambda rows: rows[:5] + rows[6:],
        r"predictions.jsonl: dialogue d1, turn 2: is not predicted",
    ),
    (
        "one context incomplete",
        lambda rows: [*rows, rows[0] | {"context": "generated"}],
        "d0, turn 2: is not ",
    ),
    ("twice", lambda rows: [*rows, rows[5]], ":13: dialogue d1, turn 2: is predicted twice .* in line 6"),
    ("unknown dialogue", changed(5, dialogue="d9"), ":6: dialogue d9, turn 2: there is no such dialogue"),
    ("customer", changed(5, turn=3), ":6: dialogue d1, turn 3: this turn is the customer's"),
    ("too many turns", changed(5, turn=8), ":6: dialogue d1, turn 8: the dialogue has 8 turns"),
    ("negative turn", changed(5, turn=-2), ":6: dialogue d1, turn -2: the dialogue has 8 turns"),
    (
        "unknown strategy",
        changed(5, strategy="dance"),
        ":6: dialogue d1, turn 2: `strategy`: 'dance' names no",
    ),
    ("odd strategy", changed(5, strategy=["others"]), ":6: dialogue d1, turn 2: `strategy` is no label"),
    ("unknown stage", changed(5, stage="dance"), ":6: dialogue d1, turn 2: `stage`: 'dance' names no"),
    ("odd response", changed(5, response=7), ":6: dialogue d1, turn 2: `response` is no text but 7"),
    ("unknown context", changed(5, context="dreamt"), ":6: 'dreamt' is no context"),
    ("no dialogue", changed(5, dialogue=None), ":6: `dialogue` is missing"),
    ("no turn", changed(5, turn="2"), ":6: dialogue d1: `turn` is missing"),
    ("nothing", changed(5, strategy=None, response=None), ":6: dialogue d1, turn 2: predicts nothing"),
    ("sum", changed(5, strategy_probabilities={"GT": 0.5}), ":6: dialogue d1, turn 2: .* sum to 0.500"),
    ("share", changed(5, strategy_probabilities={"GT": -1}), ":6: dialogue d1, turn 2: `GT` is -1"),
    ("shares", changed(5, strategy_probabilities=[1]), ":6: dialogue d1, turn 2: .* is no object"),
]


@pytest.mark.parametrize(("change", "problem"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_what_does_not_fit_is_refused(file: Path, change: Callable[[Rows], Rows], problem: str) -> None:
    write_rows(file, change(good_rows()))
    with pytest.raises(DataError, match=problem) as caught:
        evaluate(file, conversations(COUNT))
    assert caught.value.remedy


def test_a_line_that_is_broken_is_named(file: Path) -> None:
    write_rows(file, good_rows())
    whole = file.read_text(encoding="utf-8")
    file.write_text(f'{whole}{{"dialogue": \n', encoding="utf-8")
    with pytest.raises(DataError, match=r"predictions\.jsonl:13: is not JSON"):
        evaluate(file, conversations(COUNT))
    file.write_text(f"{whole}[]\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"predictions\.jsonl:13: is a list, not an object"):
        evaluate(file, conversations(COUNT))


def test_a_context_that_is_not_there_is_refused(file: Path) -> None:
    write_rows(file, good_rows())
    with pytest.raises(DataError, match="no such file"):
        evaluate(file.with_name("other.jsonl"), conversations(COUNT))
    with pytest.raises(Exception, match="generated context: there are no predictions for it"):
        evaluate(file, conversations(COUNT), contexts=["generated"])


def test_rows_of_every_turn_are_needed() -> None:
    assert len(good_rows()) == COUNT * TURNS
