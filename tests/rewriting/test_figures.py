"""Figures in what is said, and whether a rewriting keeps them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.rewriting import compare_figures, figures
from tests.rewriting.transcripts import spoken

CERTAIN = {
    "退您三百五十块": {"350"},
    "三百五，两千三，一万二": {"350", "2300", "12000"},
    "一千零五十元，一百二十万，三点五万": {"1050", "1200000", "35000"},
    "三块五，3块5": {"3.5"},
    "1.2万元，1,234.50元，１２３元": {"12000", "1234.5", "123"},
    "百分之三，3%，0.50 %": {"3%", "0.5%"},
    "3月15日，三月十五号，3月": {"03-15", "03"},
    "二零二四年十二月三十一号，2024-12-31": {"2024", "12-31"},
    "下午三点半，15:30，3点30分，三点一刻": {"3:30", "3:15"},
    "快一点，稍等一下，有一天，万一，第一": set(),
    "3到5个工作日，分十二期": {"3", "5", "12"},
    "四点五个小时": {"4.5"},
    "一共10086，尾号0012": {"10086", "0012"},
    "$1,234.50 by March 5th, 2024": {"1234.5", "03-05", "2024"},
    "the fifth of May, 5 May, may 5": {"05-05"},
    "at 3:30 PM, 3 pm, three o'clock": {"3:30", "3:00"},
    "twenty-five dollars, three hundred and fifty, two thousand": {"25", "350", "2000"},
    "five percent, 5 per cent": {"5%"},
    "1.5 million, 12k, a hundred dollars": {"1500000", "12000", "100"},
    "one moment, the first one, May I help you?": set(),
    "24/7, 5 instalments": {"24", "7", "5"},
    "300，500，1,200": {"300", "500", "1200"},
    "您有50点积分": {"50"},
}


@pytest.mark.parametrize(("text", "expected"), CERTAIN.items(), ids=list(CERTAIN))
def test_figures_that_say_something(text: str, expected: set[str]) -> None:
    found = figures(text)
    assert {str(figure) for figure in found.certain} == expected
    assert found.certain <= found.possible


def test_figures_that_might_be_some() -> None:
    assert {str(each) for each in figures("one moment, 3月15日").possible} == {"1", "03-15", "03", "3", "15"}


SAME = [
    ("退您三百块", "退还300元"),
    ("三月十五号下午三点", "3月15日15:00"),
    ("it takes five days", "it takes 5 days"),
    ("twenty five dollars on the fifth of May", "$25 on May 5"),
    ("half past, 3:30 PM", "15:30"),
    ("March the fifth", "3月5日"),
    ("百分之五", "5%"),
    ("等一下", "请稍等"),
    ("[电话1]和[姓名1]", "[姓名1]的[电话1]"),
    ("[手机号码]是我的", "是[手机号码]吗"),
    ("拨打 10086", "您可以拨打10086"),
]
OTHER = [
    ("退您三百块", "退还500元", {"lost": ("300",), "invented": ("500",)}),
    ("三月十五号", "三月到账", {"lost": ("03-15",)}),
    ("到账很快", "5天到账", {"invented": ("5",)}),
    ("下午三点", "下午四点", {"lost": ("3:00",), "invented": ("4:00",)}),
    ("手续费5%", "手续费5元", {"lost": ("5%",)}),
    ("[电话1]是我的", "好的", {"lost": ("[电话1]",)}),
    ("好的", "我是[姓名1]", {"invented": ("[姓名1]",)}),
    ("[PHONE_1]", "[PHONE_2]", {"lost": ("[PHONE_1]",), "invented": ("[PHONE_2]",)}),
    ("hello there", "my name is Jasper Quill", {"invented": ("jasper quill",)}),
    ("我叫王小明", "好的", {"lost": ("王小明",)}),
    ("[手机号码]是我的", "好的", {"lost": ("[手机号码]",)}),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_other_spellings_say_the_same(before: str, after: str) -> None:
    # Who of the two says it does not matter.
    assert compare_figures(spoken(f"s: {before}"), spoken("s: 嗯", f"c: {after}")) == ()


@pytest.mark.parametrize(("before", "after", "expected"), OTHER)
def test_what_is_lost_or_invented(before: str, after: str, expected: dict[str, tuple[str, ...]]) -> None:
    found = compare_figures(spoken(f"s: {before}"), spoken(f"c: {after}"))
    assert {each.what: each.values for each in found} == expected


PIECES = [
    *"0123459零一二三五十百千万亿点半月日号年块元,.:：，%-/ \n",
    "百分之",
    "three",
    "hundred",
    "May ",
    "th",
    "pm",
    "[电话1]",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=30))
def test_whatever_is_said_is_the_same_as_itself(pieces: list[str]) -> None:
    talk = spoken("s: 嗯", f"c: x{''.join(pieces)}")
    assert compare_figures(talk, talk) == ()


def test_differences_are_told_in_both_languages() -> None:
    lost, invented = compare_figures(spoken("s: 300元"), spoken("s: 500元"))
    assert (lost.told.en, lost.told.zh) == ("it lost 300", "缺少了300")
    assert invented.told.en == "it says 500, which is not in the transcript"
    assert invented.told.zh == "出现了转写稿中没有的500"
