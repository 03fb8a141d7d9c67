"""Whether strategies follow each other as they do in gold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from csc_dspy.metrics._base import Aspect, Attempt, Dialogue, Unit
from csc_dspy.metrics._means import ratio
from csc_dspy.metrics._places import Places
from csc_dspy.taxonomy import Strategy, Taxonomy

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Array


@dataclass(frozen=True)
class TransitionDivergence:
    """``transition_divergence``: how far predicted pairs of successive strategies are from those of gold.

    It is the Jensen-Shannon divergence, base 2, of their distributions: 0 where they are the same, 1 where
    no pair occurs in both. The start of a dialogue and its first strategy are a pair too. No answer is
    something that may be predicted and never is gold. A tally is the counts of gold pairs, then those of
    predicted ones, both over turns that are labelled, and whose predecessors are.
    """

    taxonomy: Taxonomy

    name: ClassVar[str] = "transition_divergence"
    aspect: ClassVar[Aspect] = "strategy"
    unit: ClassVar[Unit] = "number"
    higher_is_better: ClassVar[bool] = False

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """See `Metric`."""
        import numpy as np

        places = Places(self.taxonomy.strategies)
        answers = len(places)
        # The last row is the start.
        counts = np.zeros((len(dialogues), 2, answers + 1, answers))
        for of_dialogue, dialogue in zip(counts, dialogues, strict=True):
            for before, now in _steps(dialogue):
                for count, strategy in zip(of_dialogue, (_gold, _predicted), strict=True):
                    row = answers if before is None else places[strategy(before)]
                    count[row, places[strategy(now)]] += 1
        return counts.reshape(len(dialogues), 2 * (answers + 1) * answers)

    def value(self, tallies: Array) -> Array:
        """See `Metric`."""
        import numpy as np

        gold, predicted = (_shares(counts) for counts in np.split(tallies, 2, axis=-1))
        together = _entropy((gold + predicted) / 2)
        # Not below 0, where rounding would lead.
        return np.maximum(together - (_entropy(gold) + _entropy(predicted)) / 2, 0.0)


def _gold(attempt: Attempt) -> Strategy | None:
    return attempt.example.turn.strategy


def _predicted(attempt: Attempt) -> Strategy | None:
    return attempt.predicted.strategy


def _steps(dialogue: Dialogue) -> Iterator[tuple[Attempt | None, Attempt]]:
    """Successive turns that are both labelled; before the first one comes None."""
    for before, now in pairwise((None, *dialogue)):
        assert now is not None
        if _gold(now) and (before is None or _gold(before)):
            yield before, now


def _shares(counts: Array) -> Array:
    import numpy as np

    return ratio(counts, np.broadcast_to(counts.sum(-1, keepdims=True), counts.shape))


def _entropy(shares: Array) -> Array:
    import numpy as np

    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy: Array = -(shares * logarithms).sum(-1)
    return entropy
