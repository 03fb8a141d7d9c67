"""Whether the supporter does the same thing over and over."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from csc_dspy.metrics._base import Dialogue
from csc_dspy.metrics._means import Mean

ALLOWED: Final = 2
"""How often running a strategy may follow itself unremarked."""


class Repetition(Mean):
    """``repetition``: the share of turns that are the third or later of one predicted strategy running.

    It looks at predictions alone. A missing one ends the run, and is not counted.
    """

    name = "repetition"
    aspect = "strategy"
    higher_is_better = False

    def counted(self, dialogue: Dialogue) -> tuple[float, int]:
        """The turns too many, and all turns."""
        strategies = [attempt.predicted.strategy for attempt in dialogue]
        runs = [len([*run]) for strategy, run in groupby(strategies) if strategy]
        return sum(max(0, run - ALLOWED) for run in runs), sum(runs)
