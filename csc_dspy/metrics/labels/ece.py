"""Whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from csc_dspy.metrics._base import Aspect, Dialogue, Unit
from csc_dspy.metrics._means import ratio
from csc_dspy.metrics.labels.ranking import ranked
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Array

BINS: Final = 10


@dataclass(frozen=True)
class ExpectedCalibrationError:
    """``ece``: how far the highest probability is from how often its strategy is right, over equal bins.

    Turns without probabilities are left out: nothing was claimed that could be held against the truth. A
    tally says for each bin how many turns it has, the sum of their highest probabilities, and how many of
    them are right. A bin holds its lower bound, the last one its upper bound too.
    """

    taxonomy: Taxonomy

    name: ClassVar[str] = "ece"
    aspect: ClassVar[Aspect] = "strategy_probabilities"
    unit: ClassVar[Unit] = "percent"
    higher_is_better: ClassVar[bool] = False

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """See `Metric`."""
        import numpy as np

        counts = np.zeros((len(dialogues), BINS, 3))
        for bins, dialogue in zip(counts, dialogues, strict=True):
            for attempt in dialogue:
                gold, probabilities = attempt.example.turn.strategy, attempt.predicted.strategy_probabilities
                if gold is not None and probabilities:
                    top = ranked(probabilities, self.taxonomy)[0]
                    confidence = probabilities.get(top.id, 0.0)
                    bins[min(int(confidence * BINS), BINS - 1)] += (1, confidence, top == gold)
        return counts.reshape(len(dialogues), BINS * 3)

    def value(self, tallies: Array) -> Array:
        """See `Metric`."""
        import numpy as np

        bins = tallies.reshape(*tallies.shape[:-1], BINS, 3)
        gaps = np.abs(bins[..., 1] - bins[..., 2])
        return 100 * ratio(gaps.sum(-1), bins[..., 0].sum(-1))
