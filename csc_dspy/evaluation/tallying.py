"""What is kept of a system's predictions in one context: a short row of numbers for each dialogue."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.evaluation.predictions import Prediction
from csc_dspy.lm.measuring import Usage
from csc_dspy.metrics import Aspect, Attempt, BreakdownCount, Metric
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Some metrics are quicker with many texts at once.
_AT_ONCE: Final = 32


class Tallies:
    """Takes in dialogues one by one, and holds the tallies of every metric that the system is scored by."""

    def __init__(self, metrics: Sequence[Metric], taxonomy: Taxonomy) -> None:
        self.languages: list[Language] = []
        self.turns: list[int] = []
        self.failures: list[int] = []
        self.right: list[int] = []
        """How many strategies are right, for each dialogue."""
        self.reasons: Counter[str] = Counter()
        self.usage = Usage()
        self.seconds = array("d")
        self.breakdown = BreakdownCount(taxonomy)
        self._metrics = metrics
        self._rows: dict[str, list[Array]] = {metric.name: [] for metric in metrics}
        self._waiting: list[list[Attempt]] = []
        self._answered: set[Aspect] = set()

    def add(self, predictions: Sequence[Prediction]) -> None:
        """Take in all predictions for one dialogue."""
        attempts = [prediction.attempt for prediction in predictions]
        self.languages.append(predictions[0].example.language)
        self.turns.append(len(attempts))
        self.right.append(sum(is_right(attempt) for attempt in attempts))
        self._count(predictions)
        self.breakdown.add(attempts)
        self._waiting.append(attempts)
        if len(self._waiting) == _AT_ONCE:
            self._tally()

    def metrics(self, aspects: frozenset[Aspect]) -> list[Metric]:
        """The metrics of what the system answers: ``aspects``, and what else it has given."""
        return [metric for metric in self._metrics if metric.aspect in aspects | self._answered]

    def of(self, metric: Metric) -> Array:
        """The tallies of a metric, one row for each dialogue."""
        import numpy as np

        self._tally()
        return np.concatenate(self._rows[metric.name])

    @property
    def cost(self) -> Mapping[str, Any]:
        """What all predictions together took. Nobody knows the price of a context alone."""
        usage = self.usage
        return {
            "calls": usage.calls,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "usd": None,
        }

    def _count(self, predictions: Sequence[Prediction]) -> None:
        errors = [said.error for each in predictions if (said := each.predicted).error is not None]
        self.failures.append(len(errors))
        self.reasons.update(errors)
        for each in predictions:
            if each.usage is not None:
                self.usage.add(each.usage)
            if each.seconds is not None:
                self.seconds.append(each.seconds)
            if each.predicted.strategy_probabilities is not None:
                self._answered.add("strategy_probabilities")

    def _tally(self) -> None:
        if self._waiting:
            for metric in self._metrics:
                self._rows[metric.name].append(metric.tallies(self._waiting))
            self._waiting = []


def is_right(attempt: Attempt) -> bool:
    """Whether a strategy was predicted that is gold."""
    gold = attempt.example.turn.strategy
    return gold is not None and attempt.predicted.strategy == gold
