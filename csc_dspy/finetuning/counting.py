"""What is counted while rows are written: rows, strategies, lengths, and what was left out and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from csc_dspy.finetuning._base import Part, Row, Task
from csc_dspy.finetuning.rows import LeftOut

_SHARES: Final = {"median": 0.5, "p95": 0.95, "longest": 1.0}


class Tally:
    """Counts rows; its memory does not grow with them."""

    def __init__(self) -> None:
        self.parts: Counter[Part] = Counter()
        self.tasks: Counter[Task] = Counter()
        self.languages: Counter[str] = Counter()
        self.strategies: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()

    @property
    def rows(self) -> int:
        """How many rows there are in all parts."""
        return self.parts.total()

    def add(self, row: Row, part: Part, tokens: int) -> None:
        """Count a row that was written."""
        self.parts[part] += 1
        self.tasks[row.task] += 1
        self.languages[row.language] += 1
        self.strategies[row.strategy] += 1
        self._lengths[tokens] += 1

    def leave_out(self, left_out: LeftOut) -> None:
        """Count a row that is not there."""
        self.left_out[left_out.reason] += 1

    def lengths(self, counted_by: str) -> dict[str, Any]:
        """Tokens of the rows: the mean, and how many the shortest half and 95 % have at most."""
        total = sum(tokens * count for tokens, count in self._lengths.items())
        found = {name: _quantile(self._lengths, share) for name, share in _SHARES.items()}
        return {"counted_by": counted_by, "mean": round(total / max(self.rows, 1), 1), **found}


def _quantile(lengths: Mapping[int, int], share: float) -> int:
    """The length that at least this share of the rows does not pass."""
    needed = math.ceil(share * sum(lengths.values()))
    for tokens in sorted(lengths):
        needed -= lengths[tokens]
        if needed <= 0:
            return tokens
    return 0
