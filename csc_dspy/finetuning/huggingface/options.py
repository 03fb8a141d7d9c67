"""How to fine-tune a model of Hugging Face's."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from csc_dspy.exceptions import ConfigError

Schedule = Literal["cosine", "linear", "constant"]
"""What becomes of the learning rate."""

_RATES: Final = {"adapter": 2e-4, "full": 2e-5}
_COUNTS: Final = ("batch_size", "accumulate", "max_length", "rank")


@dataclass(frozen=True, kw_only=True)
class HFOptions:
    """Raises ConfigError for what cannot be."""

    full: bool = False
    """Learn all weights, instead of a LoRA adapter on weights that stay."""
    epochs: float = 3.0
    steps: int | None = None
    """Steps of the optimizer, instead of epochs."""
    learning_rate: float | None = None
    """At its highest; without it 2e-4 for an adapter and 2e-5 for all weights."""
    schedule: Schedule = "cosine"
    warmup: float = 0.03
    """The share of all steps in which the learning rate rises."""
    batch_size: int = 4
    """Rows at once on the device."""
    accumulate: int = 4
    """Batches to one step."""
    max_length: int = 4_096
    """Tokens of a row, its answer included; longer ones are left out."""
    rank: int = 16
    """Of the adapter."""
    seed: int = 0
    gradient_checkpointing: bool = False
    """Compute activations twice instead of keeping them: less memory, more time."""
    save_every: int | None = None
    """Steps between checkpoints; without it a tenth of all, and at most 200."""
    chat_template: Path | None = None
    """A file with a template in Jinja, instead of the tokenizer's own."""
    beta: float = 0.1
    """In preference training, how dear it is to get away from the base model."""

    def __post_init__(self) -> None:
        for name in _COUNTS:
            _require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("steps", "save_every"):
            _require(name, getattr(self, name) is None or getattr(self, name) >= 1, "at least 1")
        # False for NaN too.
        for name in ("epochs", "beta"):
            _require(name, 0 < getattr(self, name) < math.inf, "above 0")
        _require("learning_rate", self.learning_rate is None or 0 < self.learning_rate < 1, "between 0 and 1")
        _require("warmup", 0 <= self.warmup <= 1, "from 0 to 1")
        _require("schedule", self.schedule in get_args(Schedule), f"one of {', '.join(get_args(Schedule))}")

    @property
    def rate(self) -> float:
        """The learning rate at its highest."""
        return self.learning_rate or _RATES["full" if self.full else "adapter"]

    def template(self) -> str | None:
        """The chat template that is given, if one is."""
        if self.chat_template is None:
            return None
        try:
            return self.chat_template.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"the chat template cannot be read: {error}", where=str(self.chat_template)
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """Plain data for manifests: the template by its name alone."""
        template = self.chat_template.name if self.chat_template else None
        return {**asdict(self), "learning_rate": self.rate, "chat_template": template}


def _require(name: str, right: bool, what: str) -> None:  # noqa: FBT001  a checked condition
    if not right:
        raise ConfigError(f"has to be {what}", where=f"--{name.replace('_', '-')}")
