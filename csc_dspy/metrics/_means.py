"""Metrics that are a mean: a tally is a sum of scores and how many scores it is of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from csc_dspy.metrics._base import Aspect, Attempt, Dialogue, Unit
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Array


def ratio(part: Array, whole: Array) -> Array:
    """``part / whole``, element by element; nan where ``whole`` is 0."""
    import numpy as np

    quotient: Array = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=quotient, where=np.not_equal(whole, 0))


@dataclass(frozen=True)
class Mean(ABC):
    """The mean of scores from 0 to 1, as percent, or of numbers."""

    taxonomy: Taxonomy

    name: ClassVar[str]
    aspect: ClassVar[Aspect]
    unit: ClassVar[Unit] = "percent"
    higher_is_better: ClassVar[bool] = True

    @abstractmethod
    def counted(self, dialogue: Dialogue) -> tuple[float, int]:
        """The sum of the dialogue's scores, and how many there are."""

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """See `Metric`."""
        import numpy as np

        rows = [self.counted(dialogue) for dialogue in dialogues]
        return np.array(rows, dtype=np.float64).reshape(len(rows), 2)

    def value(self, tallies: Array) -> Array:
        """See `Metric`."""
        mean = ratio(tallies[..., 0], tallies[..., 1])
        return mean * 100 if self.unit == "percent" else mean


class TurnMean(Mean):
    """A mean over turns, each with a score of its own."""

    @abstractmethod
    def score(self, attempt: Attempt) -> float | None:
        """The score of one turn; None where the turn does not count."""

    def counted(self, dialogue: Dialogue) -> tuple[float, int]:
        """See `Mean`."""
        scores = [score for attempt in dialogue if (score := self.score(attempt)) is not None]
        return sum(scores), len(scores)
