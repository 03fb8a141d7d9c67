"""How long dialogues and turns are, exactly: lengths are whole numbers, so histograms of them stay small."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Final

from csc_dspy.conversations import Speaker
from csc_dspy.data.statistics.sketch import Sketch
from csc_dspy.taxonomy import LANGUAGES, Language

# Median and 95th percentile take longer ones for this long; smallest, largest and mean are always exact.
LONGEST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Length:
    """Summary of a length; all but ``count`` is None where there was nothing to measure."""

    count: int
    min: int | None = None
    mean: float | None = None
    median: float | None = None
    p95: float | None = None
    max: int | None = None


class Histogram:
    """How often each whole number occurs."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._total = 0
        self._largest = 0

    def add(self, values: Sequence[int]) -> None:
        """Count values, none of them negative."""
        if not values:
            return
        largest = max(values)
        self._total += sum(values)
        self._largest = max(self._largest, largest)
        self._counts.update(values if largest <= LONGEST else [min(value, LONGEST) for value in values])

    def __or__(self, other: Histogram) -> Histogram:
        """Both together."""
        both = Histogram()
        both._counts = self._counts + other._counts
        both._total = self._total + other._total
        both._largest = max(self._largest, other._largest)
        return both

    def summary(self) -> Length:
        """Percentiles between two values are interpolated, as usual."""
        count = self._counts.total()
        if not count:
            return Length(0)
        values = sorted(self._counts)
        ends = list(accumulate(self._counts[value] for value in values))

        def percentile(percent: int) -> float:
            rank, hundredths = divmod(percent * (count - 1), 100)
            below = values[bisect_right(ends, rank)]
            if not hundredths:
                return float(below)
            return below + (values[bisect_right(ends, rank + 1)] - below) * hundredths / 100

        return Length(
            count=count,
            min=values[0],
            mean=self._total / count,
            median=percentile(50),
            p95=percentile(95),
            max=self._largest,
        )


@dataclass(frozen=True, slots=True)
class Lengths:
    """Turns of a dialogue and characters of a turn; ``"all"`` beside each language."""

    turns_per_dialogue: dict[str, Length]
    characters_per_turn: dict[Speaker, dict[str, Length]]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


class LengthCount:
    """Measures dialogues and turns."""

    def __init__(self) -> None:
        self._dialogues = _by_language()
        self._supporter = _by_language()
        self._customer = _by_language()

    def add(self, sketch: Sketch) -> None:
        """Measure one conversation."""
        self._dialogues[sketch.language].add((sketch.turns,))
        self._supporter[sketch.language].add(list(map(len, sketch.supporter_texts)))
        self._customer[sketch.language].add(list(map(len, sketch.customer_texts)))

    def result(self) -> Lengths:
        """All summaries."""
        return Lengths(
            turns_per_dialogue=_summaries(self._dialogues),
            characters_per_turn={
                "supporter": _summaries(self._supporter),
                "customer": _summaries(self._customer),
            },
        )


def _by_language() -> dict[Language, Histogram]:
    return {language: Histogram() for language in LANGUAGES}


def _summaries(histograms: dict[Language, Histogram]) -> dict[str, Length]:
    both = histograms["zh"] | histograms["en"]
    return {"all": both.summary()} | {language: each.summary() for language, each in histograms.items()}
