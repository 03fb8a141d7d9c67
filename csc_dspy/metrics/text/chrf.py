"""chrF: F-score of the characters' n-grams, with the numbers of sacrebleu."""

from __future__ import annotations

from typing import Final

from csc_dspy.metrics.text.ngrams import overlaps

_HIGHEST: Final = 6
_BETA: Final = 2


def chrf(response: str, reference: str) -> float:
    """The chrF of one response, from 0 to 100: n-grams of 1 to 6 characters, recall counts double.

    Precision and recall are means over the lengths of n-grams that both texts are long enough for.
    """
    given, expected = "".join(response.split()), "".join(reference.split())
    orders = min(len(given), len(expected), _HIGHEST)
    if not orders:
        return 0.0
    matches = overlaps(given, expected, orders)
    precision = sum(found / (len(given) - shorter) for shorter, found in enumerate(matches)) / orders
    recall = sum(found / (len(expected) - shorter) for shorter, found in enumerate(matches)) / orders
    if not precision:
        return 0.0
    return 100 * (1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall)
