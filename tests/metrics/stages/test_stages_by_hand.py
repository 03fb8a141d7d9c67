"""Metrics of stages, counted by hand."""

from __future__ import annotations

import math

import pytest

from csc_dspy.taxonomy import Language
from tests.metrics.by_hand import dialogue, score

CASES: list[tuple[Language, str, int]] = [
    ("zh", "copc", 4),
    ("en", "copc", 4),
    ("zh", "esconv", 2),
    ("en", "esconv", 2),
]


@pytest.mark.parametrize(("language", "taxonomy", "worst"), CASES)
def test_stages(language: Language, taxonomy: str, worst: int) -> None:
    turns = dialogue(
        "OT OT OT ? OT",
        stages="1 1 2 3 3",
        predicted_stages="1 3 1 3 ?",
        taxonomy=taxonomy,
        language=language,
    )
    assert score("stage_acc", turns, taxonomy=taxonomy) == 40
    assert score("stage_distance", turns, taxonomy=taxonomy) == pytest.approx((0 + 2 + 1 + 0 + worst) / 5)
    # 1 to 3, 3 to 1, 1 to 3; there is no step to what is missing.
    assert score("stage_backward", turns, taxonomy=taxonomy) == pytest.approx(100 / 3)


def test_no_step_is_made_across_a_missing_answer_or_from_one_dialogue_to_the_next() -> None:
    turns = dialogue("OT OT OT OT", stages="1 2 3 4", predicted_stages="5 ? 1 1")
    assert score("stage_backward", turns) == 0
    ended = dialogue("OT OT", stages="5 5", predicted_stages="4 5")
    begun = dialogue("OT OT", stages="1 1", predicted_stages="1 1")
    assert score("stage_backward", ended, begun) == 0
    assert math.isnan(score("stage_backward", dialogue("OT", stages="1", predicted_stages="1")))


def test_gold_is_derived_where_it_is_not_given() -> None:
    turns = dialogue("GT PR PS FR AC", predicted_stages="1 2 3 4 5")
    assert score("stage_acc", turns) == 100
