"""What a training gives, and what is told on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.finetuning.huggingface.tokens import Lengths
from csc_dspy.lm.local.checkpoints import TRAINING

FORMAT: Final = 1
KIND: Final = "training"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is."""

    step: int
    steps: int
    loss: float | None
    """Of the latest rows, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model that was fine-tuned."""

    model: str
    """What ``--lm`` takes."""
    out: Path
    rows: int
    tokens: int
    """Of all rows, once."""
    left_out: Mapping[str, int]
    """Rows that were not learned from, by the reason."""
    steps: int
    losses: Mapping[int, float]
    """By steps: the loss of the rows since the one before."""
    validation_loss: float | None
    seconds: float
    """Of the process that finished it."""
    device: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data for reports."""
        return {**asdict(self), "out": str(self.out)}

    @classmethod
    def read(cls, out: Path, model: str) -> Trained:
        """A model that is there already, from its manifest."""
        told = read_manifest(out)
        return cls(
            model=model,
            out=out,
            rows=told["rows"],
            tokens=told["tokens"],
            left_out=told["left_out"],
            steps=told["steps"],
            losses={int(step): loss for step, loss in told["losses"].items()},
            validation_loss=told["validation_loss"],
            seconds=told["seconds"],
            device=told["device"],
        )


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a trained model, or nothing if the folder is none."""
    try:
        read = json.loads((folder / TRAINING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) and read.get("kind") == KIND else {}


def left_out(lengths: Lengths, most: int) -> dict[str, int]:
    """The rows that were not learned from, by the reason."""
    return {f"longer than {most} tokens": lengths.left_out} if lengths.left_out else {}
