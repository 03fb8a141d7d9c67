"""The hand-written customers."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from csc_dspy.roleplay.profiles import coverage, seeds
from csc_dspy.roleplay.profiles.elaborating import is_of
from csc_dspy.roleplay.profiles.vocabulary import Member, vocabulary
from csc_dspy.taxonomy import LANGUAGES, Language

CODED = ("education", "temper", "speaking_style", "emotion", "channel", "digital_skill", "relation")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hundred_different_ones(language: Language) -> None:
    profiles = seeds(language)
    assert len(profiles) == 100
    for field in ("id", "occupation", "description"):
        assert len({getattr(each, field) for each in profiles}) == 100
    assert {each.language for each in profiles} == {language}
    openings = {each.description[:12] for each in profiles}
    assert len(openings) > 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_their_descriptions_are_of_them(language: Language) -> None:
    for profile in seeds(language):
        assert is_of(profile.description, profile), profile.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_are_plausible(language: Language) -> None:
    words = vocabulary()
    ids = {
        (field, each.words[language]): key
        for field, values in words.values.items()
        for key, each in values.items()
    }
    for profile in seeds(language):
        facts: list[tuple[str, Member]] = [("age", profile.age)]
        facts += [(field, ids[field, getattr(profile, field)]) for field in CODED]
        assert all(words.allows(one, other) for one, other in combinations(facts, 2)), profile.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_cover_the_vocabulary(language: Language) -> None:
    found = coverage(seeds(language)).fields
    assert all(found[field].share == 1 for field in ("age", *CODED))
    assert all(found[field].evenness > 0.8 for field in ("age", *CODED))


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_hold_no_personal_data(language: Language) -> None:
    for profile in seeds(language):
        text = f"{profile.occupation} {profile.region} {profile.description}"
        assert not re.search(r"\d{3}|@|https?:|&\w+;", text), profile.id
