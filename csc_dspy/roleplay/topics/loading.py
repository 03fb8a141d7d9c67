"""From a TOML file to topics and industries. Those packaged and a user's own take the same way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import Field

from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay._base import Difficulty, Industry, Topic
from csc_dspy.roleplay.tables import Entry, Id, Words, place_of, validated
from csc_dspy.taxonomy import Localized
from csc_dspy.toml_text import Document, read

_PACKAGED: Final = Path(__file__).with_name("topics.toml")


class _Named(Entry):
    id: Id
    name: Words


class _Topic(_Named):
    definition: Words


class _Difficulty(Entry):
    id: Difficulty
    name: Words


class _File(Entry):
    topics: list[_Topic] = Field(default_factory=list)
    industries: list[_Named] = Field(default_factory=list)


class _Packaged(_File):
    difficulties: list[_Difficulty]


@dataclass(frozen=True, slots=True)
class Scenes:
    """The topics and industries that there are to choose from."""

    topics: tuple[Topic, ...]
    industries: tuple[Industry, ...]


def load_scenes(file: str | os.PathLike[str] | None = None) -> Scenes:
    """The packaged topics and industries, or those of a file in their place."""
    if file is None:
        return _packaged()
    document = read(Path(file))
    content, packaged = validated(document, _File), _packaged()
    if not content.topics and not content.industries:
        raise ConfigError("has neither [[topics]] nor [[industries]]", where=document.name)
    _require_distinct(document, "topics", content.topics)
    _require_distinct(document, "industries", content.industries)
    own = _scenes(content)
    return Scenes(own.topics or packaged.topics, own.industries or packaged.industries)


@lru_cache(maxsize=1)
def difficulty_names() -> dict[Difficulty, Localized]:
    """What the difficulties are called, easiest first."""
    entries = validated(read(_PACKAGED), _Packaged).difficulties
    return {each.id: each.name.localized() for each in entries}


@lru_cache(maxsize=1)
def _packaged() -> Scenes:
    return _scenes(validated(read(_PACKAGED), _Packaged))


def _scenes(file: _File) -> Scenes:
    return Scenes(
        tuple(Topic(each.id, each.name.localized(), each.definition.localized()) for each in file.topics),
        tuple(Industry(each.id, each.name.localized()) for each in file.industries),
    )


def _require_distinct(document: Document, kind: str, entries: Sequence[_Named]) -> None:
    seen: set[str] = set()
    for position, entry in enumerate(entries):
        for name in {entry.id, entry.name.en.casefold(), entry.name.zh}:
            if name in seen:
                where = place_of(document, (kind, position))
                raise ConfigError(f"{name!r} names two of its {kind}", where=where)
        seen |= {entry.id, entry.name.en.casefold(), entry.name.zh}
