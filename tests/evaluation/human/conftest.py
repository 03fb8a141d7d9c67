"""Two systems that answered the sample, as files of predictions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import csc_dspy as csc
from csc_dspy.conversations import Conversation, TurnExample, turn_examples

Say = Callable[[TurnExample], Mapping[str, Any]]
Predict = Callable[[str, Say], Path]


@pytest.fixture(scope="session")
def conversations() -> list[Conversation]:
    """Four dialogues, two of each language."""
    every = [*iter(csc.read("csconv-sample"))]
    return [*every[:2], *every[-2:]]


@pytest.fixture
def predict(tmp_path: Path, conversations: list[Conversation]) -> Predict:
    """Write a file of predictions: what a system said of every turn."""

    def write(name: str, say: Say) -> Path:
        path = tmp_path / f"{name}.jsonl"
        rows = [
            {"dialogue": example.conversation.id, "turn": example.index, **say(example)}
            for example in turn_examples(conversations)
        ]
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def two(predict: Predict) -> tuple[Path, Path]:
    """System A says the gold words behind "A:", system B behind "B:"."""
    a = predict("system-secret-a", lambda example: {"response": f"A: {example.turn.text}"})
    b = predict("system-secret-b", lambda example: {"response": f"B: {example.turn.text}"})
    return a, b
