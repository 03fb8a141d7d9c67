"""Descriptions of customers in the second person, put together from sentences."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from csc_dspy.roleplay.profiles.vocabulary import vocabulary
from csc_dspy.roleplay.tables import Entry, Words, validated
from csc_dspy.taxonomy import Language, Localized
from csc_dspy.toml_text import read

# Sentences that belong together; the groups come in any order, the emotion last.
_GROUPS: Final = (("education", "relation"), ("digital_skill", "channel"), ("temper", "speaking_style"))
_LAST: Final = ("emotion",)
# English numbers that begin with a vowel: 8, 80 to 89, 11, 18.
_VOWEL_NUMBERS: Final = ("8", "11", "18")


_FILE: Final = Path(__file__).with_name("sentences.toml")


class _File(Entry):
    opening: list[Words]
    other: dict[str, Words]


@dataclass(frozen=True, slots=True)
class _Sentences:
    openings: tuple[Localized, ...]
    other: Mapping[str, Localized]


def describe(age: int, words: Mapping[str, str], language: Language, rng: random.Random) -> str:
    """A description of a customer from what is known of them: words by field, the occupation among them.

    Fields that are not there, or empty, are not told of; nothing is made up.
    """
    groups = [*rng.sample(_GROUPS, len(_GROUPS)), _LAST]
    fields = [field for group in groups for field in group if words.get(field)]
    told = [_told(field, words[field], language, rng) for field in fields]
    return ("" if language == "zh" else " ").join([_opening(age, words, language, rng), *told])


def _opening(age: int, words: Mapping[str, str], language: Language, rng: random.Random) -> str:
    region, occupation = words.get("region"), words["occupation"]
    forms = [
        each[language] for each in _sentences().openings if ("{region}" in each[language]) == bool(region)
    ]
    return rng.choice(forms).format(
        age=age,
        occupation=occupation,
        region=region,
        a_age=f"{'an' if str(age).startswith(_VOWEL_NUMBERS) else 'a'} {age}",
        a_occupation=f"{'an' if occupation[:1] in 'aeiouAEIOU' else 'a'} {occupation}",
    )


def _told(field: str, value: str, language: Language, rng: random.Random) -> str:
    sentences = _by_word(language).get((field, value))
    if sentences:
        return rng.choice(sentences)
    return _sentences().other[field][language].format(value=value)


@lru_cache(maxsize=2)
def _by_word(language: Language) -> dict[tuple[str, str], list[str]]:
    """The sentences of the vocabulary, by field and word."""
    return {
        (field, value.words[language]): [each[language] for each in value.told]
        for field, values in vocabulary().values.items()
        for value in values.values()
    }


@lru_cache(maxsize=1)
def _sentences() -> _Sentences:
    file = validated(read(_FILE), _File)
    return _Sentences(
        tuple(each.localized() for each in file.opening),
        {field: each.localized() for field, each in file.other.items()},
    )
