"""How long to wait before another attempt."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .limits import Limits


class Backoff:
    """Doubles the wait with every attempt, heeds the server's wish, and keeps calls from marching in step."""

    def __init__(self, limits: Limits) -> None:
        self._first = limits.first_wait
        self._longest = limits.longest_wait
        self._random = random.Random(limits.seed)

    def wait(self, attempts: int, retry_after: float | None) -> float:
        """Seconds to wait after so many failed attempts."""
        full = min(self._first * 2 ** (attempts - 1), self._longest)
        if retry_after is None:
            return full * self._random.uniform(0.5, 1.0)
        # Never earlier than asked for, and not all at the same moment.
        return self.asked(retry_after) + full * self._random.uniform(0.0, 0.5)

    def asked(self, retry_after: float) -> float:
        """What the server asks for, within reason."""
        return min(retry_after, self._longest)
