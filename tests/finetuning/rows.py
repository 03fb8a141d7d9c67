"""Rows of fine-tuning data for tests, as the package writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from csc_dspy import read
from csc_dspy.lm import Adapter
from csc_dspy.programs import Options, create
from csc_dspy.programs.teaching import lessons, training_examples
from csc_dspy.taxonomy import LANGUAGES, Language


def chat_rows(program: str, language: Language, dialogues: int = 3) -> Iterator[dict[str, Any]]:
    """What a program asks about some dialogues of the sample, with the right answers."""
    made, adapter = create(program, Options(language=language)), Adapter()
    signatures = {name: each.signature for name, each in made.named_predictors()}
    chosen = list(read("rolecs-sample", language=language))[:dialogues]
    for example in training_examples(made, chosen):
        for lesson in lessons(made, example):
            yield adapter.format_finetune_data(
                signatures[lesson.predictor], [], lesson.inputs, lesson.outputs
            )


def write_rows(path: Path, program: str = "strategy-predictor", dialogues: int = 3) -> Path:
    """Rows in both languages, in a file."""
    rows = [row for language in LANGUAGES for row in chat_rows(program, language, dialogues)]
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path
