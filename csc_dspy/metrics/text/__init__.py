"""How close responses are to those of the people who wrote them, and how varied they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csc_dspy.metrics.text._base import EachTurn
from csc_dspy.metrics.text.bleu import CorpusBleu, SentenceBleu, sentence_bleu
from csc_dspy.metrics.text.chrf import chrf
from csc_dspy.metrics.text.distinct import Distinct
from csc_dspy.metrics.text.rouge import rouge_l, rouge_l_paper
from csc_dspy.metrics.text.tokens import bleu_tokens, words

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Metric

__all__ = [
    "RESPONSE_METRICS",
    "CorpusBleu",
    "Distinct",
    "EachTurn",
    "SentenceBleu",
    "bleu_tokens",
    "chrf",
    "rouge_l",
    "rouge_l_paper",
    "sentence_bleu",
    "words",
]

RESPONSE_METRICS: Final[tuple[Metric, ...]] = (
    SentenceBleu(2),
    SentenceBleu(4),
    EachTurn("R-L", rouge_l),
    EachTurn("chrF", chrf),
    CorpusBleu(2),
    CorpusBleu(4),
    EachTurn("rouge-l-paper", rouge_l_paper),
    Distinct(1),
    Distinct(2),
)
"""All metrics of responses that need no neural network, in the order of reports."""
