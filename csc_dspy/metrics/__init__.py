"""Metrics: of dialogues for evaluations, of single examples for optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Aspect, Attempt, Dialogue, Metric, Predicted, Unit
    from csc_dspy.metrics.breakdown import Breakdown, BreakdownCount
    from csc_dspy.metrics.composite import Composite, Weights
    from csc_dspy.metrics.feedback import Feedback
    from csc_dspy.metrics.registry import HEADLINE, METRICS, metric

__all__ = [
    "HEADLINE",
    "METRICS",
    "Aspect",
    "Attempt",
    "Breakdown",
    "BreakdownCount",
    "Composite",
    "Dialogue",
    "Feedback",
    "Metric",
    "Predicted",
    "Unit",
    "Weights",
    "metric",
]

_HOMES = {
    "HEADLINE": "registry",
    "METRICS": "registry",
    "Aspect": "_base",
    "Attempt": "_base",
    "Breakdown": "breakdown",
    "BreakdownCount": "breakdown",
    "Composite": "composite",
    "Dialogue": "_base",
    "Feedback": "feedback",
    "Metric": "_base",
    "Predicted": "_base",
    "Unit": "_base",
    "Weights": "composite",
    "metric": "registry",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
