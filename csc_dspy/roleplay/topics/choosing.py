"""Topics, industries and difficulties by what people call them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TypeVar

from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay._base import Difficulty, Industry, Topic
from csc_dspy.roleplay.tables import nearest
from csc_dspy.roleplay.topics.loading import difficulty_names, load_scenes
from csc_dspy.taxonomy import Localized
from csc_dspy.taxonomy.labels import normalise

T = TypeVar("T")


def topics(
    names: Iterable[str] = (), *, file: str | os.PathLike[str] | None = None, where: str = "--topics"
) -> tuple[Topic, ...]:
    """The topics of these names, all if none are given, packaged or those of a ``file``.

    A name is an id or the name in either language; ConfigError, which calls the option ``where``, for others.
    """
    return _chosen(names, [(each.id, each.name, each) for each in load_scenes(file).topics], where)


def industries(
    names: Iterable[str] = (), *, file: str | os.PathLike[str] | None = None, where: str = "--industries"
) -> tuple[Industry, ...]:
    """The industries of these names; see `topics`."""
    return _chosen(names, [(each.id, each.name, each) for each in load_scenes(file).industries], where)


def difficulties(names: Iterable[str] = (), *, where: str = "--difficulty") -> tuple[Difficulty, ...]:
    """The difficulties of these names; see `topics`."""
    return _chosen(names, [(each, words, each) for each, words in difficulty_names().items()], where)


def _chosen(names: Iterable[str], known: Sequence[tuple[str, Localized, T]], where: str) -> tuple[T, ...]:
    """The members in the order of the names, each once."""
    spelled = {
        normalise(spelling): member
        for each, words, member in known
        for spelling in (each, words.en, words.zh)
    }
    chosen = []
    for name in names:
        if normalise(name) not in spelled:
            remedy = _remedy(name, known)
            raise ConfigError(f"{name!r} is not among what there is", where=where, remedy=remedy)
        chosen.append(spelled[normalise(name)])
    return tuple(dict.fromkeys(chosen or (member for _, _, member in known)))


def _remedy(name: str, known: Sequence[tuple[str, Localized, T]]) -> str:
    """The nearest spelling; the ids alone where none is near."""
    spellings = [spelling for each, words, _ in known for spelling in (each, words.en, words.zh)]
    return nearest(name, spellings, otherwise=[each for each, _, _ in known])
