"""Where a system is right and wrong: by strategy, by stage, and by how sure it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic

from csc_dspy.metrics._base import Dialogue
from csc_dspy.metrics._places import M, Places
from csc_dspy.metrics.labels.ece import BINS, ExpectedCalibrationError
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.metrics._base import Array


@dataclass(frozen=True, slots=True)
class StrategyScores:
    """How well one strategy is found. Percent; None where there is nothing to divide by."""

    id: str
    support: int
    """How often it is gold."""
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class Confusion:
    """``counts[i][j]`` says how often ``columns[j]`` was predicted where ``rows[i]`` is gold."""

    rows: tuple[str, ...]
    columns: tuple[str | None, ...]
    """As the rows, and last None, for no answer."""
    counts: tuple[tuple[int, ...], ...]

    def scores(self) -> tuple[StrategyScores, ...]:
        """What the counts say of every row."""
        predicted = [sum(column) for column in zip(*self.counts, strict=True)]
        return tuple(
            StrategyScores(
                id=id_,
                support=sum(row),
                precision=_percent(row[place], predicted[place]),
                recall=_percent(row[place], sum(row)),
                f1=_percent(2 * row[place], sum(row) + predicted[place]),
            )
            for place, (id_, row) in enumerate(zip(self.rows, self.counts, strict=True))
        )

    @property
    def answered(self) -> bool:
        """Whether anything was predicted at all."""
        return any(any(row[:-1]) for row in self.counts)


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The turns whose highest probability lies from ``low`` to ``high``."""

    low: float
    high: float
    count: int
    confidence: float | None
    """The mean of those probabilities; None in an empty bin."""
    accuracy: float | None
    """The share of turns whose likeliest strategy is right."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """All of it. What a system never answers is None."""

    strategies: tuple[StrategyScores, ...] | None
    confusion: Confusion | None
    stages: Confusion | None
    calibration: tuple[CalibrationBin, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, tuples as lists."""
        return {
            "strategies": self.strategies and [asdict(each) for each in self.strategies],
            "confusion": self.confusion and _plain(self.confusion),
            "stages": self.stages and _plain(self.stages),
            "calibration": self.calibration and [asdict(each) for each in self.calibration],
        }


class BreakdownCount:
    """Counts attempts, one dialogue at a time; it takes no more room for many than for few."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._strategies = _Table(taxonomy.strategies)
        self._stages = _Table(taxonomy.stages)
        self._calibration = ExpectedCalibrationError(taxonomy)
        self._tally = self._calibration.tallies([]).sum(0)

    def add(self, dialogue: Dialogue) -> None:
        """Count one dialogue."""
        for attempt in dialogue:
            if (gold := attempt.example.turn.strategy) is not None:
                self._strategies.add(gold, attempt.predicted.strategy)
            self._stages.add(attempt.example.stage, attempt.predicted.stage)
        self._tally += self._calibration.tallies([dialogue])[0]

    def result(self) -> Breakdown:
        """What was counted so far."""
        strategies, stages = self._strategies.confusion(), self._stages.confusion()
        return Breakdown(
            strategies=strategies.scores() if strategies.answered else None,
            confusion=strategies if strategies.answered else None,
            stages=stages if stages.answered else None,
            calibration=_bins(self._tally) if self._tally.any() else None,
        )


class _Table(Generic[M]):
    """Counts of pairs of members, gold and predicted."""

    def __init__(self, members: Sequence[M]) -> None:
        import numpy as np

        self._places: Places[M] = Places(members)
        self._counts: NDArray[np.int64] = np.zeros((len(members), len(members) + 1), dtype=np.int64)

    def add(self, gold: M, predicted: M | None) -> None:
        self._counts[self._places[gold], self._places[predicted]] += 1

    def confusion(self) -> Confusion:
        columns = tuple(member.id if member else None for member in self._places)
        rows = tuple(id_ for id_ in columns if id_ is not None)
        return Confusion(rows, columns, tuple(tuple(row) for row in self._counts.tolist()))


def _bins(tally: Array) -> tuple[CalibrationBin, ...]:
    return tuple(
        CalibrationBin(
            low=place / BINS,
            high=(place + 1) / BINS,
            count=int(count),
            confidence=confidence / count if count else None,
            accuracy=right / count if count else None,
        )
        for place, (count, confidence, right) in enumerate(tally.reshape(BINS, 3).tolist())
    )


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _plain(confusion: Confusion) -> dict[str, Any]:
    return {
        "rows": [*confusion.rows],
        "columns": [*confusion.columns],
        "counts": [[*row] for row in confusion.counts],
    }
