"""BLEU of single responses and of a corpus, with the numbers of sacrebleu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from csc_dspy.metrics.text._base import ResponseMetric, attempts, mean, reference, response, summed
from csc_dspy.metrics.text.ngrams import overlaps
from csc_dspy.metrics.text.tokens import bleu_tokens
from csc_dspy.taxonomy import Language

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Array, Attempt, Dialogue

_HIGHEST: Final = 4
# More turns than the published evaluation set has, so that four metrics asked one after another about all of
# it count once; about 15 MB, most of it the texts.
_REMEMBERED: Final = 2**15


def sentence_bleu(response: str, reference: str, language: Language, order: int = 4) -> float:
    """BLEU of one response, from 0 to 100, by n-grams up to ``order``.

    Where n-grams of some length do not match at all their precision is smoothed exponentially; those that the
    response is too short for are left out.
    """
    import numpy as np

    return float(_bleu(np.array([_counts(response, reference, language)], dtype=np.float64), order)[0])


@dataclass(frozen=True, slots=True)
class SentenceBleu(ResponseMetric):
    """The mean over turns of the BLEU of each response."""

    order: int

    @property
    def name(self) -> str:
        """The key in results."""
        return f"B-{self.order}"

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """For each dialogue the sum of its turns' scores, and their number."""
        import numpy as np

        counts = np.array([_counts_of(turn) for turn in attempts(dialogues)], dtype=np.float64)
        scores = _bleu(counts.reshape(-1, _width(_HIGHEST)), self.order)
        return summed(np.column_stack([scores, np.ones_like(scores)]), dialogues, 2)

    def value(self, tallies: Array) -> Array:
        """The mean over turns."""
        return mean(tallies)


@dataclass(frozen=True, slots=True)
class CorpusBleu(ResponseMetric):
    """BLEU of all responses together: the counts are added up before precisions are taken.

    Each turn is tokenized by the way of its own language.
    """

    order: int

    @property
    def name(self) -> str:
        """The key in results."""
        return f"corpus_B-{self.order}"

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """For each dialogue the sums of its turns' counts."""
        width = _width(self.order)
        return summed((_counts_of(turn)[:width] for turn in attempts(dialogues)), dialogues, width)

    def value(self, tallies: Array) -> Array:
        """BLEU of the sums, 0 where nothing is long enough for an n-gram of the highest order."""
        import numpy as np

        complete = tallies[..., _width(self.order) - 2] > 0
        scores = np.where(complete, _bleu(tallies, self.order), 0.0)
        return np.where(tallies[..., 0] > 0, scores, np.nan)


def _width(order: int) -> int:
    return 2 + 2 * order


def _counts_of(attempt: Attempt) -> tuple[int, ...]:
    return _counts(response(attempt), reference(attempt), attempt.example.language)


@lru_cache(_REMEMBERED)
def _counts(response: str, reference: str, language: Language) -> tuple[int, ...]:
    """1 for the turn, the reference's length, then for each order the response's n-grams and the matches."""
    tokens, expected = bleu_tokens(response, language), bleu_tokens(reference, language)
    row = [1, len(expected)]
    for shorter, matches in enumerate(overlaps(tokens, expected, _HIGHEST)):
        row += max(len(tokens) - shorter, 0), matches
    return tuple(row)


def _bleu(counts: Array, order: int) -> Array:
    """BLEU of rows of counts, over the orders whose n-grams the responses are long enough for."""
    import numpy as np

    totals, matches = counts[..., 2 : _width(order) : 2], counts[..., 3 : _width(order) : 2]
    there = totals > 0
    halvings = np.cumsum(there & (matches == 0), axis=-1)
    precisions = np.where(matches > 0, matches, 0.5**halvings) / np.maximum(totals, 1)
    logs = np.where(there, np.log(precisions), 0).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)
    brevity = np.minimum(1 - counts[..., 1] / np.maximum(totals[..., 0], 1), 0)
    return np.where(matches[..., 0] > 0, 100 * np.exp(brevity + logs), 0.0)
