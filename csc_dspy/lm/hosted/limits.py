"""How much an engine may ask of its server, and how patient it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from csc_dspy.exceptions import ConfigError


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on the calls of one engine. Raises `ConfigError` for bounds that leave no room."""

    concurrency: int = 64
    """Most calls at the server at the same time. Fewer, while the server answers that it is too many."""
    timeout: float = 120.0
    """Seconds within which an attempt has to be answered in full; of a stream, each piece."""
    connect_timeout: float = 10.0
    """Seconds within which a connection has to stand, name lookup and TLS included."""
    attempts: int = 6
    """Most attempts at one call, the first included."""
    first_wait: float = 0.5
    """Seconds before the second attempt; each further wait is twice as long. Waits are shortened at random
    by up to a half, so that calls that failed together do not come back together."""
    longest_wait: float = 30.0
    """Most seconds between two attempts, also where the server asks for more."""
    seed: int = 0
    """Of the randomness in waits."""

    def __post_init__(self) -> None:
        for name in ("concurrency", "attempts"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("timeout", "connect_timeout", "first_wait", "longest_wait"):
            # False for NaN too.
            self._require(name, 0 < getattr(self, name) < math.inf, "a positive number of seconds")

    def _require(self, name: str, right: bool, what: str) -> None:  # noqa: FBT001  a checked condition
        if not right:
            raise ConfigError(f"{name} has to be {what}, not {getattr(self, name)}", where="LM limits")
