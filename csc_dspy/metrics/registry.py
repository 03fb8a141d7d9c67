"""Metrics by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics._base import Metric
from csc_dspy.taxonomy import Taxonomy

_RESPONSES: Final = (
    "B-2",
    "B-4",
    "R-L",
    "chrF",
    "corpus_B-2",
    "corpus_B-4",
    "rouge-l-paper",
    "distinct_1",
    "distinct_2",
)
_HOMES: Final = {
    "ACC": "labels.accuracy:Accuracy",
    "macro_f1": "labels.macro_f1:MacroF1",
    "mid": "labels.mid:MidAccuracy",
    "top_2": "labels.top_k:Top2",
    "top_3": "labels.top_k:Top3",
    "brier": "labels.brier:Brier",
    "ece": "labels.ece:ExpectedCalibrationError",
    "stage_acc": "stages.accuracy:StageAccuracy",
    "stage_distance": "stages.distance:StageDistance",
    "stage_backward": "stages.backward:StageBackward",
    "transition_divergence": "dialogues.transition_divergence:TransitionDivergence",
    "stage_coverage": "dialogues.stage_coverage:StageCoverage",
    "repetition": "dialogues.repetition:Repetition",
}


def _of_labels(home: str, taxonomy: Taxonomy) -> Metric:
    module, name = home.split(":")
    made: Metric = getattr(import_module(f"csc_dspy.metrics.{module}"), name)(taxonomy)
    return made


def _of_responses(name: str, _taxonomy: Taxonomy) -> Metric:
    from csc_dspy.metrics.text import RESPONSE_METRICS

    return next(each for each in RESPONSE_METRICS if each.name == name)


def _of_networks(home: str, _taxonomy: Taxonomy) -> Metric:
    module, name = home.split(":")
    made: Metric = getattr(import_module(f"csc_dspy.metrics.{module}"), name)()
    return made


METRICS: Final[dict[str, Callable[[Taxonomy], Metric]]] = {
    **{name: partial(_of_responses, name) for name in _RESPONSES},
    **{name: partial(_of_labels, home) for name, home in _HOMES.items()},
}
"""How each metric is made, in the order of reports. Nothing is imported before one is made."""

NEURAL: Final[dict[str, Callable[[Taxonomy], Metric]]] = {
    "BS": partial(_of_networks, "neural.bertscore:BertScore"),
    "BR": partial(_of_networks, "neural.bleurt:Bleurt"),
}
"""The metrics of the extra ``neural``, which an evaluation has only if they are asked for."""

HEADLINE: Final = ("B-2", "B-4", "R-L", "chrF", "ACC", "macro_f1", "mid", "stage_acc")
"""The metrics that tables show."""


def metric(name: str, taxonomy: Taxonomy) -> Metric:
    """The metric called ``name``, for dialogues labelled by ``taxonomy``."""
    known = {**METRICS, **NEURAL}
    if name not in known:
        from difflib import get_close_matches

        folded = {each.casefold(): each for each in known}
        close = get_close_matches(name.casefold(), folded, n=1)
        remedy = f"did you mean {folded[close[0]]!r}?" if close else f"metrics are {', '.join(known)}"
        raise ConfigError(f"no metric is called {name!r}", remedy=remedy)
    return known[name](taxonomy)
