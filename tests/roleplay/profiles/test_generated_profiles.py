"""Generated customers: plausible, different, reproducible, and altogether as the shares want them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from csc_dspy import toml_text
from csc_dspy.roleplay import Profile
from csc_dspy.roleplay.profiles import generate, profile_pool
from csc_dspy.roleplay.profiles import vocabulary as module
from csc_dspy.roleplay.profiles.elaborating import is_of
from csc_dspy.taxonomy import LANGUAGES, Language

MANY = 5000


@lru_cache(maxsize=1)
def tables() -> Mapping[str, Any]:
    return toml_text.read(Path(module.__file__).with_name("vocabulary.toml")).tables


@lru_cache(maxsize=2)
def many(language: Language) -> tuple[Profile, ...]:
    return tuple(generate(MANY, language, seed=3))


@lru_cache(maxsize=2)
def ids(language: Language) -> dict[tuple[str, str], str]:
    values = tables()["values"]
    return {(field, each[language]): each["id"] for field in values for each in values[field]}


def members(profile: Profile) -> dict[str, Any]:
    """The ids of a profile's values, and its age."""
    named = {field: ids(profile.language)[field, getattr(profile, field)] for field in tables()["values"]}
    return {**named, "age": profile.age}


def holds(condition: Mapping[str, list[Any]], profile: Mapping[str, Any], quantifier: Any) -> bool:  # noqa: ANN401  any or all
    return bool(
        quantifier(
            each[0] <= profile[field] <= each[1] if field == "age" else profile[field] in each
            for field, each in condition.items()
        )
    )


def rules() -> list[str]:
    return [rule["id"] for rule in tables()["rules"]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", rules())
def test_no_customer_breaks_a_rule(rule: str, language: Language) -> None:
    found = next(each for each in tables()["rules"] if each["id"] == rule)
    concerned = [each for each in map(members, many(language)) if holds(found["when"], each, all)]
    assert concerned
    assert not [each for each in concerned if holds(found["never"], each, any)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_occupations_have_their_ages_and_their_schooling(language: Language) -> None:
    known = {each["id"]: each for each in tables()["values"]["occupation"]}
    for profile in map(members, many(language)):
        least, most = known[profile["occupation"]]["age"]
        assert least <= profile["age"] <= most
        assert profile["education"] in known[profile["occupation"]]["education"]


def test_the_pensioner_the_pupil_and_the_newcomer() -> None:
    for each in map(members, many("en")):
        if each["occupation"].startswith("retired"):
            assert each["age"] >= 58
        if each["occupation"] == "pupil":
            assert each["age"] <= 18
            assert each["education"] == "lower_secondary"
        if each["digital_skill"] == "low":
            assert each["channel"] not in {"app_chat", "web_chat"}
        assert (each["relation"], each["emotion"]) != ("first_time", "worn_out")


@pytest.mark.parametrize("language", LANGUAGES)
def test_shares_are_those_of_the_vocabulary(language: Language) -> None:
    profiles = [members(each) for each in many(language)]
    for field, values in tables()["values"].items():
        counts = Counter(each[field] for each in profiles)
        whole = sum(each.get("share", 1) for each in values)
        for each in values:
            assert counts[each["id"]] / MANY == pytest.approx(each.get("share", 1) / whole, abs=0.005)


def test_no_two_are_alike() -> None:
    facts = {(tuple(members(each).items())) for each in many("zh")}
    assert len(facts) == len({each.id for each in many("zh")}) == MANY


def test_more_begin_with_the_same() -> None:
    few, more = list(generate(30, "en", seed=7)), list(generate(80, "en", seed=7))
    assert more[:30] == few
    assert list(generate(30, "en", seed=8)) != few
    assert [each.id for each in few] != [each.id for each in generate(30, "zh", seed=7)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_descriptions_are_of_their_customers(language: Language) -> None:
    for profile in many(language):
        assert is_of(profile.description, profile), profile
        assert profile.region in profile.description
    assert len({each.description for each in many(language)}) == MANY


def test_english_descriptions_are_english() -> None:
    text = " ".join(each.description for each in many("en"))
    assert not re.search(r"\b[Aa] (?:8\d?|11|18)-|\b[Aa]n (?!8|11|18)\d", text)
    assert not re.search(r"\ba (?!university)[aeiou]|\ban [^aeiou\d]", text)
    assert not re.search(r"[{}]|  |\.\.|[\u4e00-\u9fff]", text)
    assert all(sentence[0].isupper() for sentence in re.split(r"(?<=[.!?]) ", text))


def test_chinese_descriptions_are_chinese() -> None:
    text = "".join(each.description for each in many("zh"))
    assert not re.search(r"[a-zA-Z{} ]|。。|，，", text)
    assert text.endswith("。")


def test_a_pool_is_made_as_it_is_looked_at() -> None:
    pool = profile_pool("generated", "en", seed=7, size=10**9)
    assert len(pool) == 10**9
    assert pool[2] == list(generate(3, "en", seed=7))[2]
    assert list(pool[:3]) == list(islice(pool, 3))


def test_a_pool_of_given_profiles_has_those_in_the_language() -> None:
    given = [*generate(5, "en"), *generate(4, "zh")]
    pool = profile_pool(given, "zh", seed=1)
    assert {each.id for each in pool} == {each.id for each in given[5:]}
    orders = [[each.id for each in profile_pool(given, "en", seed=seed)] for seed in range(8)]
    assert any(one != other for one, other in pairwise(orders))
    assert len(profile_pool("seeds", "en")) == 100
