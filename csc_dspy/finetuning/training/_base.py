"""What all ways of training share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol


class Told(Protocol):
    """Hears that ``n`` more rows are read, and of how far the work is, by words."""

    def __call__(self, n: int = 1, **fields: object) -> None:
        """Called from the thread that trains."""


def silent(n: int = 1, **fields: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a hosted model is trained, and how patiently that is waited for."""

    api_base: str | None = None
    api_key_file: Path | None = None
    timeout: float = 120.0
    poll: float = 60.0
    """The most seconds between two looks at the job."""
    cancel: bool = False
    """Cancel the job at an interrupt; otherwise it goes on, to be waited for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A training in figures, before it is begun."""

    base: str
    rows: int
    tokens: int
    """Of the rows; estimated where the tokenizer is not known."""
    trained_tokens: int
    """All passes together."""
    usd: float | None
    """None where the price is not known."""
    options: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def __str__(self) -> str:
        cost = "price not known" if self.usd is None else "free" if not self.usd else f"{self.usd:,.2f} USD"
        return (
            f"{self.rows:,} rows with about {self.tokens:,} tokens for {self.base}; "
            f"about {self.trained_tokens:,} tokens to train on, {cost}"
        )
