"""What a run's language models may cost, and what they have cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from csc_dspy.exceptions import BudgetError, ConfigError
from csc_dspy.lm.prices import Price


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one answer."""

    input: int = 0
    """Everything that was read, cached by the provider or not."""
    output: int = 0
    """Everything that was written, reasoning included."""
    cached: int = 0
    """Of the input, what the provider had in its cache."""
    reasoning: int = 0
    """Of the output, what was reasoning."""


@dataclass(frozen=True, slots=True)
class RunUsage:
    """What the language models of a run have done so far."""

    calls: int = 0
    """Calls begun, whether or not they were answered."""
    failed_calls: int = 0
    cached_answers: int = 0
    """Answers that came from the cache or from an identical call in flight; they cost nothing."""
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    usd: float = 0.0
    """The price of the answers whose price is known."""
    unpriced_answers: int = 0
    """Answers whose price is not known."""
    seconds: float = 0.0
    """The time that the calls took, added up."""

    @property
    def tokens(self) -> int:
        """All tokens, read and written."""
        return self.input_tokens + self.output_tokens

    def to_dict(self) -> dict[str, Any]:
        """Plain data for reports; ``usd`` is None if it would leave something out."""
        return {
            "calls": self.calls,
            "failed_calls": self.failed_calls,
            "cached_answers": self.cached_answers,
            "retries": self.retries,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cached_tokens": self.cached_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "usd": None if self.unpriced_answers else round(self.usd, 6),
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        money = "" if self.unpriced_answers else f", {self.usd:.4f} USD"
        return f"{self.calls:,} calls, {self.tokens:,} tokens{money}"


class Budget:
    """The limits of a run, shared by all its language models, threads and tasks.

    A call is allowed while every limit has something left. Calls in flight when a limit is reached finish and
    count, so tokens and money can end above their limit by what these take; calls never do. Answers from the
    cache are free. A limit of None is none.
    """

    def __init__(
        self, max_calls: int | None = None, max_tokens: int | None = None, max_usd: float | None = None
    ) -> None:
        limits = {"max_calls": max_calls, "max_tokens": max_tokens, "max_usd": max_usd}
        for name, limit in limits.items():
            if limit is not None and not limit >= 0:
                raise ConfigError(f"{name} must not be negative, and is {limit}")
        self.max_calls = max_calls
        self.max_tokens = max_tokens
        self.max_usd = max_usd
        self._usage = RunUsage()
        self._watched: list[Callable[[], int]] = []
        self._lock = Lock()

    @property
    def usage(self) -> RunUsage:
        """What has been used so far."""
        with self._lock:
            usage = self._usage
            return replace(usage, retries=usage.retries + sum(retries() for retries in self._watched))

    def check(self) -> None:
        """Raise the `BudgetError` that the next call would meet, if any."""
        self._check(self._usage)

    def begin(self) -> None:
        """A call is about to be made; BudgetError if none is left."""

        def begun(usage: RunUsage) -> RunUsage:
            self._check(usage)
            return replace(usage, calls=usage.calls + 1)

        self._update(begun)

    def answered(self, tokens: Tokens, price: Price | None, seconds: float) -> None:
        """A call has been answered."""
        usd = price.of(tokens.input, tokens.cached, tokens.output) if price else 0.0
        self._update(
            lambda usage: replace(
                usage,
                input_tokens=usage.input_tokens + tokens.input,
                output_tokens=usage.output_tokens + tokens.output,
                cached_tokens=usage.cached_tokens + tokens.cached,
                reasoning_tokens=usage.reasoning_tokens + tokens.reasoning,
                usd=usage.usd + usd,
                unpriced_answers=usage.unpriced_answers + (price is None),
                seconds=usage.seconds + seconds,
            )
        )

    def failed(self, seconds: float) -> None:
        """A call has ended without an answer."""
        self._update(
            lambda usage: replace(usage, failed_calls=usage.failed_calls + 1, seconds=usage.seconds + seconds)
        )

    def take_over(self, calls: int, tokens: Tokens, usd: float, unpriced: int) -> None:
        """Count what an earlier process of the same run has used."""
        self._update(
            lambda usage: replace(
                usage,
                calls=usage.calls + calls,
                input_tokens=usage.input_tokens + tokens.input,
                output_tokens=usage.output_tokens + tokens.output,
                cached_tokens=usage.cached_tokens + tokens.cached,
                reasoning_tokens=usage.reasoning_tokens + tokens.reasoning,
                usd=usage.usd + usd,
                unpriced_answers=usage.unpriced_answers + unpriced,
            )
        )

    def end(self) -> None:
        """Allow no further call, because the run is being ended."""
        with self._lock:
            self.max_calls = self._usage.calls

    def spared(self) -> None:
        """An answer was there already."""
        self._update(lambda usage: replace(usage, cached_answers=usage.cached_answers + 1))

    def watch(self, retries: Callable[[], int]) -> None:
        """Count in the usage what an engine says of its retries, until `settle`."""
        with self._lock:
            self._watched.append(retries)

    def settle(self, retries: Callable[[], int]) -> None:
        """Keep what an engine says of its retries, because it is about to be closed."""
        with self._lock:
            if retries in self._watched:
                self._watched.remove(retries)
                self._usage = replace(self._usage, retries=self._usage.retries + retries())

    def _update(self, change: Callable[[RunUsage], RunUsage]) -> None:
        with self._lock:
            self._usage = change(self._usage)

    def _check(self, usage: RunUsage) -> None:
        if self.max_calls is not None and usage.calls >= self.max_calls:
            raise self._reached(f"{self.max_calls:,} calls", "--max-calls", usage)
        if self.max_tokens is not None and usage.tokens >= self.max_tokens:
            raise self._reached(f"{self.max_tokens:,} tokens", "--max-tokens", usage)
        if self.max_usd is not None and usage.usd >= self.max_usd:
            raise self._reached(f"{self.max_usd:g} USD", "--max-usd", usage)

    def _reached(self, limit: str, option: str, usage: RunUsage) -> BudgetError:
        return BudgetError(f"the limit of {limit} is reached: {usage} used", remedy=f"raise {option}")

    def __deepcopy__(self, memo: dict[int, Any]) -> Budget:
        return self
