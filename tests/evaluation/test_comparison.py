"""Better, worse, or nobody can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.conversations import Conversation
from csc_dspy.evaluation import evaluate
from csc_dspy.exceptions import CSCError
from tests.evaluation.dialogues import conversations, read_rows, write_rows
from tests.support.openai_server import LLMServer

COUNT = 20
Chooses = Callable[[int, int], bool]


def predicted(path: Path, right: Chooses, *, context: str = "reference") -> Path:
    """Predictions for all dialogues; ``right`` says of dialogue and turn whether the strategy is."""
    lines = [
        {
            "context": context,
            "dialogue": conversation.id,
            "turn": index,
            "strategy": turn.strategy.id if right(number, index) and turn.strategy else "others",
            "response": turn.text if right(number, index) else "?",
        }
        for number, conversation in enumerate(conversations(COUNT))
        for index, turn in conversation.supporter_turns()
    ]
    return write_rows(path, lines)


def compared(tmp_path: Path, right: Chooses, other: Chooses) -> dict[str, dict[str, Any]]:
    """What is said of the reference context."""
    found = evaluate(
        predicted(tmp_path / "this.jsonl", right),
        conversations(COUNT),
        compare=predicted(tmp_path / "other.jsonl", other),
    )
    assert found.other is not None
    return {name: dict(each) for name, each in found.comparison["reference"].items()}


def test_clearly_better_and_worse(tmp_path: Path) -> None:
    def good(_: int, index: int) -> bool:
        return index != 2

    def bad(number: int, index: int) -> bool:
        return index == 0 and number % 2 == 0

    better = compared(tmp_path, good, bad)
    # Three of four against one of eight; every dialogue is better, which has a chance of 2 in 2 ** 20.
    assert better["ACC"]["value"] == 75.0
    assert better["ACC"]["other"] == 12.5
    assert better["ACC"]["difference"] == 62.5
    assert better["ACC"]["p"] == pytest.approx(2 / 2**20, abs=1e-6)
    assert 50.0 <= better["ACC"]["low"] < 62.5 < better["ACC"]["high"] <= 75.0
    assert {each["verdict"] for each in better.values()} == {"better"}
    assert set(better) == {"B-2", "B-4", "R-L", "chrF", "ACC", "macro_f1", "mid"}
    worse = compared(tmp_path, bad, good)
    assert {each["verdict"] for each in worse.values()} == {"worse"}
    for name, each in worse.items():
        assert (each["low"], each["high"]) == (-better[name]["high"], -better[name]["low"])


def test_the_same_cannot_be_told_apart(tmp_path: Path) -> None:
    def right(number: int, index: int) -> bool:
        return (number + index) % 3 == 0

    for each in compared(tmp_path, right, right).values():
        assert (each["difference"], each["low"], each["high"]) == (0.0, 0.0, 0.0)
        assert each["verdict"] == "cannot tell"


def test_one_dialogue_of_twenty_tells_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, lambda *_: True, lambda number, _: number > 0)
    assert found["ACC"]["difference"] == 5.0
    # A draw leaves out that dialogue by 0.95 ** 20, more than a third of the time.
    assert found["ACC"]["low"] == 0.0
    assert found["ACC"]["p"] == 1.0
    assert found["ACC"]["verdict"] == "cannot tell"


def test_the_interval_is_that_of_the_difference(tmp_path: Path) -> None:
    # Both vary much from dialogue to dialogue, and in the same way; the difference hardly varies.
    found = compared(tmp_path, lambda number, _: number % 2 == 0, lambda number, i: number % 2 == 0 and i > 0)
    accuracy = found["ACC"]
    assert accuracy["difference"] == 12.5
    assert accuracy["low"] > 0
    assert accuracy["verdict"] == "better"


def test_two_programs_in_one_run(llm_server: LLMServer, tmp_path: Path) -> None:
    given: list[Conversation] = conversations(3)
    at: dict[str, Any] = {"lm": "openai/test", "api_base": llm_server.url, "cache": False}
    found = evaluate("support-agent-joint", given, compare="strategy-predictor", out=tmp_path / "out", **at)
    assert len(llm_server.requests) == 2 * 2 * 3 * 4
    assert set(found.comparison) == {"reference", "generated"}
    assert set(found.comparison["reference"]) == {"ACC", "macro_f1", "mid", "stage_acc"}
    for name, folder in (("support-agent-joint", "out"), ("strategy-predictor", "out/other")):
        alone = evaluate(name, given, **at)
        written = json.loads((tmp_path / folder / "scores.json").read_bytes())
        assert written["about"]["program"] == name
        for context in ("reference", "generated"):
            for metric, score in alone.scores[context].items():
                assert written[context][metric]["value"] == score.value
        assert len(read_rows(tmp_path / folder / "predictions.jsonl")) == 2 * 3 * 4
    # An earlier run is compared as well as a program.
    again = evaluate("support-agent-joint", given, compare=tmp_path / "out" / "other", **at)
    assert again.comparison == found.comparison


def test_only_contexts_that_both_have_are_compared(tmp_path: Path) -> None:
    this = tmp_path / "this.jsonl"
    both = [
        line
        for context in ("reference", "generated")
        for line in read_rows(predicted(tmp_path / "one.jsonl", lambda *_: True, context=context))
    ]
    write_rows(this, both)
    other = predicted(tmp_path / "other.jsonl", lambda *_: False, context="generated")
    found = evaluate(this, conversations(COUNT), compare=other)
    assert found.contexts == ("reference", "generated")
    assert set(found.comparison) == {"generated"}
    with pytest.raises(CSCError, match="no context in common: it is evaluated in generated"):
        evaluate(this, conversations(COUNT), compare=other, contexts=["reference"])
