"""The vocabulary: both languages are complete, and words tell values apart."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from csc_dspy.roleplay import Profile
from csc_dspy.roleplay.profiles.vocabulary import FIELDS, vocabulary
from csc_dspy.taxonomy import LANGUAGES, Language

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_the_fields_are_those_of_profiles() -> None:
    assert set(vocabulary().names) == {each.name for each in fields(Profile)}
    assert set(FIELDS) == set(vocabulary().names) - {"id", "language", "description"}
    assert set(vocabulary().shares) == set(FIELDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_in_their_language_and_distinct(language: Language) -> None:
    for field, values in vocabulary().values.items():
        words = [each.words[language] for each in values.values()]
        assert len(set(words)) == len(words), field
        told = [text[language] for each in values.values() for text in each.told]
        assert len(set(told)) == len(told), field
        assert all(bool(CHINESE.search(text)) == (language == "zh") for text in [*words, *told])


def test_what_excludes_is_excluded_by_it() -> None:
    words = vocabulary()
    young, learned = ("age", 19), ("education", "master")
    assert not words.allows(young, learned)
    assert not words.allows(learned, young)
    assert words.allows(("age", 40), learned)


def test_shares_are_of_a_whole() -> None:
    assert all(sum(shares.values()) == pytest.approx(1) for shares in vocabulary().shares.values())
    ages = vocabulary().shares["age"]
    assert list(ages) == list(range(16, 86))
