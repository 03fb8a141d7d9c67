"""Sweeps that take a moment."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import csc_dspy as csc
from csc_dspy.optimizers.sweep.reading import read_settings
from csc_dspy.optimizers.sweep.settings import Settings

SMALL: Final = """
objectives = "accuracy"
trials = 6
keep = 2

[space]
program = "strategy-predictor"
optimizer = { values = ["labeled"] }
prior-weight = { values = [0.0, 0.5, 1.0] }

[space.optimizers.labeled]
demonstrations = { values = [4, 8, 16] }
"""
HOSTED: Final = """
trials = 3

[space]
program = "strategy-predictor"
lm = "openai/some"

[space.shown]
definitions = { values = [true, false] }
distinctions = { values = [true, false] }
"""


@lru_cache
def few(source: str, language: str = "en", count: int = 4) -> tuple[csc.Conversation, ...]:
    """The first conversations of a source."""
    return tuple(each for each in csc.read(source) if each.spoken_language == language)[:count]


def data(language: str = "en", *, train: int = 6, dev: int = 3) -> dict[str, Any]:
    """Few dialogues to learn from and to score on."""
    return {
        "train": few("rolecs-sample", language, train),
        "dev": few("csconv-sample:dev", language, dev),
    }


def written(folder: Path, text: str = SMALL, **options: Any) -> Settings:  # noqa: ANN401  each its own type
    """The settings that a text says, with little data unless there is other."""
    path = folder / "SWEEP.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path, **{**data(), **options})
