"""Rows as our adapter writes them, and what is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from csc_dspy.data import read
from csc_dspy.finetuning.huggingface import HFOptions
from csc_dspy.lm import Adapter
from csc_dspy.programs import Options, create
from csc_dspy.programs.teaching import lessons, training_examples
from csc_dspy.taxonomy import LANGUAGES

QUICK = HFOptions(full=True, steps=60, batch_size=4, accumulate=1, learning_rate=5e-3, max_length=2_000)
"""Enough to learn a few rows by heart."""
_ROWS = 5


@dataclass(frozen=True)
class Taught:
    """A turn of the samples and its row for strategy-predictor."""

    language: str
    inputs: dict[str, Any]
    strategy: str
    """Its id."""
    row: dict[str, Any]


def turns() -> list[Taught]:
    """A few turns in each language whose strategies differ from the one before."""
    return [each for language in LANGUAGES for each in _turns(language)]


def _turns(language: Any) -> list[Taught]:  # noqa: ANN401  one of two literals
    program = create("strategy-predictor", Options(language=language))
    signature = dict(program.named_predictors())["predict"].signature
    found: list[Taught] = []
    for example in training_examples(program, read("rolecs-sample")):
        strategy = example.strategy.id
        if found and found[-1].strategy == strategy:
            continue
        (lesson,) = lessons(program, example)
        row = Adapter().format_finetune_data(signature, [], dict(lesson.inputs), dict(lesson.outputs))
        found.append(Taught(language, dict(example.inputs()), strategy, row))
        if len(found) == _ROWS:
            break
    return found


def rotated(taught: Sequence[Taught]) -> list[Taught]:
    """The same questions with each other's answers."""
    others = [*taught[1:], taught[0]]
    return [
        replace(
            each,
            strategy=other.strategy,
            row={"messages": [*each.row["messages"][:-1], other.row["messages"][-1]]},
        )
        for each, other in zip(taught, others, strict=True)
    ]


def write(file: Path, rows: Iterable[object]) -> Path:
    """A JSONL file."""
    file.parent.mkdir(exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file
