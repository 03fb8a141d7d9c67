"""What an engine has done so far, in numbers."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dspy.lm15 import LM15Error, Usage

# Upper bounds in seconds, four to the octave, from 1 ms to a quarter of an hour.
_BOUNDS: Final = tuple(0.001 * 2 ** (step / 4) for step in range(80))


@dataclass(frozen=True, slots=True)
class Latency:
    """How long calls took from beginning to end, waits included, in seconds, to the next quarter octave."""

    mean: float
    p50: float
    p90: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """The state of an engine at one moment."""

    calls: int
    """Calls that are over, answered or not."""
    retries: int
    """Attempts after the first."""
    throttled: int
    """Attempts that were answered 429."""
    errors: Mapping[str, int]
    """Calls that failed for good, by lm15's code of the error: ``auth``, ``rate_limit``, ``timeout``, …"""
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    """Input tokens that the server had read before."""
    limit: int
    """How many calls may be at the server now."""
    in_flight: int
    waiting: int
    """Calls that wait for their turn."""
    latency: Latency

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


class Tally:
    """Counts calls from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._retries = 0
        self._throttled = 0
        self._calls = 0
        self._errors: Counter[str] = Counter()
        self._input = self._output = self._cached = 0
        self._seconds = 0.0
        self._longest = 0.0
        self._counts = [0] * (len(_BOUNDS) + 1)

    def retried(self) -> None:
        """Another attempt is made."""
        with self._lock:
            self._retries += 1

    def was_throttled(self) -> None:
        """An attempt was answered 429."""
        with self._lock:
            self._throttled += 1

    def over(self, seconds: float, usage: Usage | None = None, failure: LM15Error | None = None) -> None:
        """A call was answered, or failed for good."""
        with self._lock:
            self._calls += 1
            self._seconds += seconds
            self._longest = max(self._longest, seconds)
            self._counts[bisect_left(_BOUNDS, seconds)] += 1
            if failure is not None:
                self._errors[failure.code or "unknown"] += 1
            if usage is not None:
                self._input += usage.input_tokens or 0
                self._output += usage.output_tokens or 0
                self._cached += usage.cache_read_tokens or 0

    def summary(self, *, limit: int, in_flight: int, waiting: int) -> Statistics:
        """All counts together, with the limiter's."""
        with self._lock:
            return Statistics(
                calls=self._calls,
                retries=self._retries,
                throttled=self._throttled,
                errors=dict(self._errors),
                input_tokens=self._input,
                output_tokens=self._output,
                cached_tokens=self._cached,
                limit=limit,
                in_flight=in_flight,
                waiting=waiting,
                latency=self._latency(),
            )

    def _latency(self) -> Latency:
        mean = self._seconds / self._calls if self._calls else 0.0
        return Latency(mean, self._quantile(0.5), self._quantile(0.9), self._quantile(0.99), self._longest)

    def _quantile(self, share: float) -> float:
        wanted = share * self._calls
        seen = 0
        for bound, count in zip(_BOUNDS, self._counts, strict=False):
            seen += count
            if seen >= wanted:
                return min(bound, self._longest)
        return self._longest
