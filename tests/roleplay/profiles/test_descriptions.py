"""Descriptions made from what is known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.roleplay.profiles.describing import describe
from csc_dspy.taxonomy import LANGUAGES, Language


@pytest.mark.parametrize(
    ("age", "occupation", "said"),
    [
        (8, "tailor", {"an 8-year-old tailor", "a tailor, 8 years"}),
        (18, "tailor", {"an 18-year-old tailor", "a tailor, 18 years"}),
        (80, "electrician", {"an 80-year-old electrician", "an electrician, 80 years"}),
        (45, "electrician", {"a 45-year-old electrician", "an electrician, 45 years"}),
    ],
)
def test_articles(age: int, occupation: str, said: set[str]) -> None:
    texts = {describe(age, {"occupation": occupation}, "en", random.Random(seed)) for seed in range(20)}
    assert len(texts) == 2
    assert all(any(form in text for form in said) for text in texts)


def test_what_is_not_known_is_not_told() -> None:
    text = describe(50, {"occupation": "农民", "temper": "", "region": ""}, "zh", random.Random(0))
    assert text in {"你今年50岁，是一名农民。", "你是一名50岁的农民。"}


def test_values_of_ones_own_are_told_as_they_are() -> None:
    words = {"occupation": "diver", "temper": "dreamy & <odd>", "emotion": "calm"}
    text = describe(30, words, "en", random.Random(1))
    assert "By temper you are dreamy & <odd>." in text
    assert "calm when the talk begins" in text or "nothing upsets you" in text


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.text(),
    st.integers(1, 120),
    st.sampled_from(LANGUAGES),
)
def test_any_words_survive(occupation: str, region: str, age: int, language: Language) -> None:
    words = {"occupation": occupation, "region": region}
    text = describe(age, words, language, random.Random(0))
    assert occupation in text
    assert region in text
    assert str(age) in text
