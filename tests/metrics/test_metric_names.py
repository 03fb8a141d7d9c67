"""Metrics by name, and the face of the room."""

from __future__ import annotations

import subprocess
import sys

import pytest

import csc_dspy.metrics
from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics import HEADLINE, METRICS, metric
from csc_dspy.metrics.text import RESPONSE_METRICS
from csc_dspy.taxonomy import load_taxonomy

PROMISED = [
    "B-2",
    "B-4",
    "R-L",
    "chrF",
    "corpus_B-2",
    "corpus_B-4",
    "rouge-l-paper",
    "distinct_1",
    "distinct_2",
    "ACC",
    "macro_f1",
    "mid",
    "top_2",
    "top_3",
    "brier",
    "ece",
    "stage_acc",
    "stage_distance",
    "stage_backward",
    "transition_divergence",
    "stage_coverage",
    "repetition",
]


def test_every_promised_metric_is_there_in_the_order_of_reports() -> None:
    assert [*METRICS] == PROMISED
    assert {*HEADLINE} <= METRICS.keys()


def test_all_metrics_of_responses_are_among_them() -> None:
    assert [each.name for each in RESPONSE_METRICS] == PROMISED[: len(RESPONSE_METRICS)]
    taxonomy = load_taxonomy()
    assert [metric(each.name, taxonomy) for each in RESPONSE_METRICS] == [*RESPONSE_METRICS]


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [("acc", "did you mean 'ACC'?"), ("B2", "did you mean 'B-2'?"), ("macro-F1", "did you mean 'macro_f1'?")],
)
def test_the_nearest_name_is_suggested(wrong: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        metric(wrong, load_taxonomy())
    assert str(caught.value) == f"no metric is called {wrong!r} ({remedy})"


def test_all_names_where_none_is_near() -> None:
    with pytest.raises(ConfigError, match=r"metrics are B-2, B-4, .*, repetition"):
        metric("perplexity", load_taxonomy())


@pytest.mark.parametrize("name", csc_dspy.metrics.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert name in dir(csc_dspy.metrics)
    assert getattr(csc_dspy.metrics, name) is getattr(csc_dspy.metrics, name)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"module 'csc_dspy.metrics' has no attribute 'rouge'"):
        csc_dspy.metrics.rouge  # noqa: B018 - reading it is the test


def test_nothing_heavy_is_imported_before_it_is_used() -> None:
    code = (
        "import sys; from csc_dspy.metrics import *; from csc_dspy.taxonomy import load_taxonomy;"
        "[metric(name, load_taxonomy()) for name in METRICS]; Composite(); Feedback();"
        "print({'dspy', 'numpy', 'sklearn', 'sacrebleu'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
