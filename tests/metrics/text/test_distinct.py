"""distinct-n, counted by hand."""

from __future__ import annotations

import pytest

from csc_dspy.metrics.text import Distinct
from csc_dspy.taxonomy import Language
from tests.metrics.by_hand import value_of
from tests.metrics.text.texts import answered

REFERENCE = "好"


def said(*responses: str | None, language: Language = "zh") -> float:
    return value_of(Distinct(1), [answered([(each, REFERENCE) for each in responses], language)])


def said_in_pairs(*responses: str | None, language: Language = "zh") -> float:
    return value_of(Distinct(2), [answered([(each, REFERENCE) for each in responses], language)])


def test_chinese() -> None:
    # 您 好 您 的 卡: 4 different of 5. 您好, 您的, 的卡: no pair reaches across.
    assert said("您好。", "您的卡！") == pytest.approx(80)
    assert said_in_pairs("您好。", "您的卡！", "您好？") == pytest.approx(100 * 3 / 4)


def test_english() -> None:
    # thank, you, for, calling, thank, you.
    assert said("Thank you for calling.", "THANK YOU", language="en") == pytest.approx(100 * 4 / 6)
    assert said_in_pairs("Thank you for calling.", "THANK YOU", language="en") == pytest.approx(100 * 3 / 4)


def test_each_dialogue_weighs_the_same() -> None:
    repeating = answered([("好" * 8, REFERENCE)], "zh")
    varied = answered([("您好", REFERENCE)], "zh")
    assert value_of(Distinct(1), [repeating, varied]) == pytest.approx((100 / 8 + 100) / 2)


@pytest.mark.parametrize("nothing", [None, "", "  ", "……"])
def test_saying_nothing_is_no_variety(nothing: str | None) -> None:
    assert said(nothing) == 0
    assert said(nothing, "您好") == 100
    assert said_in_pairs(nothing, "好") == 0
