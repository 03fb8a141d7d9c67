"""From a row of a user's own file to a profile, or to all that is wrong with the row."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from csc_dspy.conversations.language import detect_language, parse_language
from csc_dspy.data.problems import Flaw
from csc_dspy.journal import content_key
from csc_dspy.roleplay._base import Profile
from csc_dspy.roleplay.profiles.describing import describe
from csc_dspy.roleplay.profiles.vocabulary import FIELDS, vocabulary
from csc_dspy.roleplay.tables import nearest
from csc_dspy.taxonomy import Language
from csc_dspy.taxonomy.labels import normalise

_WORDS: Final = tuple(field for field in FIELDS if field != "age")


_Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class _Row(BaseModel):
    """What a row may say. Nothing else, so that a misspelt key does not vanish."""

    model_config = ConfigDict(extra="forbid")

    age: Annotated[int, Field(ge=1, le=120)]
    occupation: _Text
    id: _Text | None = None
    language: _Text | None = None
    region: _Text | None = None
    education: _Text | None = None
    temper: _Text | None = None
    speaking_style: _Text | None = None
    emotion: _Text | None = None
    channel: _Text | None = None
    digital_skill: _Text | None = None
    relation: _Text | None = None
    description: _Text | None = None


def profile_in(row: Mapping[str, Any], language: Language | None) -> Profile | list[Flaw]:
    """The profile in a row; ``language`` is that of rows that do not name one."""
    try:
        fields = _Row.model_validate(_with_known_keys(row))
    except ValidationError as error:
        return [_flaw(dict(each)) for each in error.errors(include_url=False)]
    spoken = _language(fields, language)
    return _profile(fields, spoken) if spoken else [_unknown_language(fields)]


def _profile(row: _Row, language: Language) -> Profile:
    values = row.model_dump(exclude={"id", "language", "age", "description"})
    words = {field: values[field] or "" for field in _WORDS}
    # What is told is drawn by the content, so that the same row gives the same profile in any file.
    key = content_key(language, row.age, words, row.description)
    return Profile(
        id=row.id or f"own-{key[:12]}",
        language=language,
        age=row.age,
        description=row.description or describe(row.age, words, language, random.Random(key)),
        **words,
    )


def _language(row: _Row, otherwise: Language | None) -> Language | None:
    if row.language:
        return parse_language(row.language)
    return otherwise or detect_language(f"{row.occupation} {row.description or ''}")


def _unknown_language(row: _Row) -> Flaw:
    return (f"{row.language!r} is no language that is spoken here", "zh and en are")


def _with_known_keys(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with keys as `Profile` has them; they may be in Chinese. An empty cell is as good as none.

    One that is there twice, under two names, keeps the second name, and so is found to be one too many.
    """
    known: dict[str, Any] = {}
    for key, value in row.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        name = _key_names().get(normalise(key), key)
        known[key if name in known else name] = value
    return known


@lru_cache(maxsize=1)
def _key_names() -> dict[str, str]:
    names = vocabulary().names
    return {
        normalise(spelling): key for key, words in names.items() for spelling in (key, words.en, words.zh)
    }


def _flaw(error: dict[str, Any]) -> Flaw:
    key = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return (f"{key!r} is no key of a profile", nearest(key, vocabulary().names))
    if error["type"] == "missing":
        return (f"{key!r} is missing", "every profile has an age and an occupation")
    return (f"{key}: {error['msg']}", "see docs/roleplay-profiles.md")
