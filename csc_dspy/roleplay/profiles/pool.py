"""The customers that a plan takes turns with."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias, overload

from csc_dspy.roleplay._base import Profile
from csc_dspy.roleplay.profiles.generating import generate
from csc_dspy.roleplay.profiles.seeds import seeds
from csc_dspy.taxonomy import Language

ProfileSource: TypeAlias = "Literal['generated', 'seeds'] | Sequence[Profile]"
"""Profiles by the name of their source, or the profiles themselves."""

POOL: Final = 4999
"""A prime number: so many profiles meet all combinations of topic, industry and difficulty evenly."""


def profile_pool(
    source: ProfileSource, language: Language, *, seed: int = 0, size: int = POOL
) -> Sequence[Profile]:
    """The profiles of a source in one language, in an order that the seed decides.

    Of generated ones there are ``size``, each made when it is first asked for.
    """
    if source == "generated":
        return _Generated(generate(size, language, seed=seed), size)
    given = (
        seeds(language) if isinstance(source, str) else [each for each in source if each.language == language]
    )
    return random.Random(f"{seed} {language} profiles").sample(given, len(given))


class _Generated(Sequence[Profile]):
    """A sequence that is filled as far as somebody has looked."""

    def __init__(self, profiles: Iterator[Profile], size: int) -> None:
        self._profiles = profiles
        self._size = size
        self._made: list[Profile] = []

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Profile: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Profile]: ...

    def __getitem__(self, index: int | slice) -> Profile | Sequence[Profile]:
        places = range(self._size)[index]
        if isinstance(places, range):
            return [self[place] for place in places]
        while len(self._made) <= places:
            self._made.append(next(self._profiles))
        return self._made[places]
