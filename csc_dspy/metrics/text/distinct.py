"""distinct-n: how little a system repeats itself within a dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from csc_dspy.metrics.text._base import ResponseMetric, mean, response
from csc_dspy.metrics.text.ngrams import ngrams
from csc_dspy.metrics.text.tokens import words

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Array, Dialogue


@dataclass(frozen=True, slots=True)
class Distinct(ResponseMetric):
    """The share of different n-grams among all n-grams of a dialogue's responses; the mean over dialogues.

    Taken over a whole corpus that share falls as the corpus grows, and could not be added up. Within
    dialogues it does neither. N-grams do not reach from one response into the next. A dialogue whose
    responses have no n-grams, as where all of them are missing, scores 0.
    """

    order: int

    @property
    def name(self) -> str:
        """The key in results."""
        return f"distinct_{self.order}"

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """For each dialogue its share, and 1; zeros for one without turns."""
        import numpy as np

        return np.array([(self._share(turns), bool(turns)) for turns in dialogues], float).reshape(-1, 2)

    def value(self, tallies: Array) -> Array:
        """The mean over dialogues."""
        return mean(tallies)

    def _share(self, turns: Dialogue) -> float:
        said = [ngram for turn in turns for ngram in ngrams(words(response(turn)), self.order)]
        return 100 * len(set(said)) / len(said) if said else 0.0
