"""Metrics of responses by neural networks: what the optional extra ``neural`` adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from csc_dspy.metrics.neural.bertscore import BertScore, Encoder
from csc_dspy.metrics.neural.bleurt import Bleurt
from csc_dspy.metrics.neural.extra import available
from csc_dspy.taxonomy import Language

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Metric

__all__ = ["BertScore", "Bleurt", "Encoder", "available", "neural_metrics"]


def neural_metrics(languages: Sequence[Language] = ()) -> list[Metric]:
    """BERTScore and BLEURT, by the models that the environment names, or the usual ones.

    The models for ``languages`` are loaded at once, so that what is wrong with them is known before any work
    is done; others when the first text of their language comes. Raises ConfigError.
    """
    metrics = [BertScore(), Bleurt()]
    for metric in metrics:
        metric.prepare(languages)
    return [*metrics]
