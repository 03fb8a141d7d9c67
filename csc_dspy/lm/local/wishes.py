"""What one request asks of a model, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A prompt to go on from."""

    prompt: Sequence[int]
    most: int
    """Tokens of the answer."""
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    """Texts that end the answer, and are not part of it."""
    likelihoods: int | None = None
    """How many of the likeliest tokens to tell at each place."""

    def chance(self) -> Generator | None:
        """Its own source of randomness, so that no answer depends on those beside it; None if it has none."""
        import torch

        return torch.Generator().manual_seed(self.seed) if self.temperature > 0 else None


@dataclass(frozen=True, slots=True)
class Likely:
    """How likely a token was, and the likeliest ones at its place."""

    logprob: float
    others: Sequence[tuple[int, float]]


@dataclass(slots=True)
class Written:
    """What a model has written."""

    tokens: list[int] = field(default_factory=list)
    """Without the one that ended it."""
    text: str = ""
    reason: Literal["stop", "length"] = "length"
    likely: list[Likely] = field(default_factory=list)
    """One for each token, where they were wished for."""
    read: int = 0
    wrote: int = 0
    """Tokens, the one that ended it included."""
