"""The F1 of strategies, each counting as much as any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from csc_dspy.metrics._base import Aspect, Dialogue, Unit
from csc_dspy.metrics._means import ratio
from csc_dspy.metrics._places import Places
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Array


@dataclass(frozen=True)
class MacroF1:
    """``macro_f1``: the mean F1 of the strategies that occur in gold.

    A tally says for each strategy how often it is gold, how often it is predicted, and how often both.
    """

    taxonomy: Taxonomy

    name: ClassVar[str] = "macro_f1"
    aspect: ClassVar[Aspect] = "strategy"
    unit: ClassVar[Unit] = "percent"
    higher_is_better: ClassVar[bool] = True

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """See `Metric`."""
        import numpy as np

        places = Places(self.taxonomy.strategies)
        counts = np.zeros((len(dialogues), 3, len(places)))
        for of_dialogue, dialogue in zip(counts, dialogues, strict=True):
            for attempt in dialogue:
                if (gold := attempt.example.turn.strategy) is not None:
                    predicted = attempt.predicted.strategy
                    of_dialogue[0, places[gold]] += 1
                    of_dialogue[1, places[predicted]] += 1
                    of_dialogue[2, places[gold]] += gold == predicted
        # Without the last place, that of missing answers.
        return counts[:, :, :-1].reshape(len(dialogues), 3 * len(self.taxonomy.strategies))

    def value(self, tallies: Array) -> Array:
        """See `Metric`."""
        import numpy as np

        gold, predicted, both = np.split(tallies, 3, axis=-1)
        occurs = gold > 0
        scores = np.where(occurs, f1(gold, predicted, both), 0.0)
        return 100 * ratio(scores.sum(-1), occurs.sum(-1))


def f1(gold: Array, predicted: Array, both: Array) -> Array:
    """The F1 from counts; nan where something is neither gold nor predicted."""
    return ratio(2 * both, gold + predicted)
