"""Which strategy follows which, and what the sequences look like."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from csc_dspy.data.statistics.shares import share
from csc_dspy.data.statistics.sketch import Sketch
from csc_dspy.taxonomy import Taxonomy

MOST_FREQUENT: Final = 20


@dataclass(frozen=True, slots=True)
class Transition:
    """One strategy right after another: how often, and how often among all that came after the first."""

    before: str
    after: str
    count: int
    share: float

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"from": self.before, "to": self.after, "count": self.count, "share": self.share}


@dataclass(frozen=True, slots=True)
class Transitions:
    """Counts by id over successive supporter turns that both carry a strategy.

    ``start`` and ``end`` count the strategies of first and last supporter turns, ``between[a][b]`` tells how
    often b came right after a; every strategy of the taxonomy is there.
    """

    start: dict[str, int]
    between: dict[str, dict[str, int]]
    end: dict[str, int]

    def most_frequent(self, number: int = MOST_FREQUENT) -> list[Transition]:
        """The most frequent steps from a strategy to the next, those of equal count in taxonomy order."""
        steps = [
            Transition(before, after, count, share(count, sum(row.values())))
            for before, row in self.between.items()
            for after, count in row.items()
            if count
        ]
        return sorted(steps, key=lambda step: -step.count)[:number]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "start": self.start,
            "between": self.between,
            "end": self.end,
            "most_frequent": [step.to_dict() for step in self.most_frequent()],
        }


class TransitionCount:
    """Counts successive strategies."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._pairs: Counter[tuple[int, int]] = Counter()
        self._start: Counter[int] = Counter()
        self._end: Counter[int] = Counter()

    def add(self, sketch: Sketch) -> None:
        """Count one conversation."""
        if sketch.strategies:
            self._start[sketch.strategies[0]] += 1
            self._pairs.update(pairwise(sketch.strategies))
            self._end[sketch.strategies[-1]] += 1

    def result(self) -> Transitions:
        """All counts."""
        strategies = self._taxonomy.strategies
        return Transitions(
            start={each.id: self._start[each.number] for each in strategies},
            between={
                before.id: {after.id: self._pairs[before.number, after.number] for after in strategies}
                for before in strategies
            },
            end={each.id: self._end[each.number] for each in strategies},
        )


@dataclass(frozen=True, slots=True)
class Sequences:
    """What whole dialogues look like. ``distinct_strategies`` is a mean over the dialogues that have any."""

    distinct_strategies: float | None
    more_than_twice_running: int
    not_alternating: int

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "mean_distinct_strategies": self.distinct_strategies,
            "dialogues_with_a_strategy_more_than_twice_running": self.more_than_twice_running,
            "dialogues_not_alternating": self.not_alternating,
        }


class SequenceCount:
    """Looks at dialogues as a whole."""

    def __init__(self) -> None:
        self._labelled = self._distinct = self._running = self._not_alternating = 0

    def add(self, sketch: Sketch) -> None:
        """Look at one conversation."""
        strategies = sketch.strategies
        distinct = len({*strategies} - {0})
        self._labelled += distinct > 0
        self._distinct += distinct
        thrice = zip(strategies, strategies[1:], strategies[2:], strict=False)
        self._running += any(a == b == c > 0 for a, b, c in thrice)
        self._not_alternating += not sketch.alternates

    def result(self) -> Sequences:
        """All counts."""
        return Sequences(
            distinct_strategies=self._distinct / self._labelled if self._labelled else None,
            more_than_twice_running=self._running,
            not_alternating=self._not_alternating,
        )
