"""What is measured while a program answers: tokens, calls, and how likely each label was.

Predictions carry only what was asked for, because optimizers turn whole predictions into demonstrations.
What was measured on the way is collected beside them, per context, so it is safe under threads and asyncio.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Usage:
    """What answering has cost."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    repairs: int = 0
    """Answers that could not be read and were asked for again."""

    def add(self, other: Usage) -> None:
        """Count what another has counted."""
        self.calls += other.calls
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.cached_tokens += other.cached_tokens
        self.repairs += other.repairs


@dataclass(slots=True)
class Measured:
    """Everything measured since `measuring` began."""

    usage: Usage = field(default_factory=Usage)
    probabilities: dict[str, Mapping[str, float]] = field(default_factory=dict)
    """For each label field that was answered with a measured distribution: label → probability."""
    usd: float | None = 0.0
    """What the answers were paid with; None where a price is not known."""


_collectors: ContextVar[tuple[Measured, ...]] = ContextVar("measured", default=())


@contextmanager
def measuring() -> Iterator[Measured]:
    """Collect what is measured inside the block. Blocks nest: the outer ones see everything too."""
    measured = Measured()
    token = _collectors.set((*_collectors.get(), measured))
    try:
        yield measured
    finally:
        _collectors.reset(token)


def record_call(*, input_tokens: int = 0, output_tokens: int = 0, cached_tokens: int = 0) -> None:
    """One call to a language model has been answered."""
    for measured in _collectors.get():
        measured.usage.add(Usage(1, input_tokens, output_tokens, cached_tokens))


def record_cost(usd: float | None) -> None:
    """An answer has been paid for; None if its price is not known."""
    for measured in _collectors.get():
        measured.usd = total(measured.usd, usd)


def total(*amounts: float | None) -> float | None:
    """The sum; None if one of them is not known."""
    return None if None in amounts else sum(filter(None, amounts))


def record_repair() -> None:
    """An answer could not be read and is asked for again."""
    for measured in _collectors.get():
        measured.usage.repairs += 1


def record_probabilities(probabilities: Mapping[str, Mapping[str, float]]) -> None:
    """How likely each label was, by field."""
    for measured in _collectors.get():
        measured.probabilities.update(probabilities)
