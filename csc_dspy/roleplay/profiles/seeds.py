"""A hundred customers written by hand, each in both languages, as ``seeds.toml`` has them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from csc_dspy.roleplay._base import Profile
from csc_dspy.roleplay.profiles.vocabulary import vocabulary
from csc_dspy.roleplay.tables import Entry, Id, Words, validated
from csc_dspy.taxonomy import Language
from csc_dspy.toml_text import read

_FILE: Final = Path(__file__).with_name("seeds.toml")


class _Seed(Entry):
    """Ids are those of the vocabulary; the rest is in words of its own."""

    id: Id
    age: int
    occupation: Words
    region: Words
    education: Id
    temper: Id
    speaking_style: Id
    emotion: Id
    channel: Id
    digital_skill: Id
    relation: Id
    description: Words


class _File(Entry):
    seeds: list[_Seed]


@lru_cache(maxsize=2)
def seeds(language: Language) -> tuple[Profile, ...]:
    """The hand-written profiles in a language."""
    return tuple(_profile(each, language) for each in validated(read(_FILE), _File).seeds)


def _profile(seed: _Seed, language: Language) -> Profile:
    values = vocabulary().values

    def word(field: str, member: str) -> str:
        return values[field][member].words[language]

    return Profile(
        id=f"{seed.id}-{language}",
        language=language,
        age=seed.age,
        occupation=seed.occupation.localized()[language],
        region=seed.region.localized()[language],
        education=word("education", seed.education),
        temper=word("temper", seed.temper),
        speaking_style=word("speaking_style", seed.speaking_style),
        emotion=word("emotion", seed.emotion),
        channel=word("channel", seed.channel),
        digital_skill=word("digital_skill", seed.digital_skill),
        relation=word("relation", seed.relation),
        description=seed.description.localized()[language],
    )
