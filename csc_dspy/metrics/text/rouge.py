"""ROUGE-L: the longest common subsequence of two texts, as F1 of its share of either."""

from __future__ import annotations

from collections.abc import Sequence

from csc_dspy.metrics.text.tokens import latin_words, words


def rouge_l(response: str, reference: str) -> float:
    """ROUGE-L over Chinese characters and words, from 0 to 100; 0 where either has none.

    Tokens are the same for both languages: every Chinese character is one, and so is every other run of
    letters and digits, in lower case. So English is compared by words, and Chinese by characters plus the
    Latin words and numbers in it. Punctuation does not count.
    """
    return _f1(words(response), words(reference))


def rouge_l_paper(response: str, reference: str) -> float:
    """ROUGE-L as the usual scorer of English summaries gives it, from 0 to 100.

    Its tokens are runs of a–z and 0–9 in lower case. It throws Chinese characters away, so that a Chinese
    response scores 0 unless it shares Latin words or numbers with the reference.
    """
    return _f1(latin_words(response), latin_words(reference))


def _f1(response: Sequence[str], reference: Sequence[str]) -> float:
    from rapidfuzz.distance import LCSseq

    if not response or not reference:
        return 0.0
    return 200 * LCSseq.similarity(response, reference) / (len(response) + len(reference))
