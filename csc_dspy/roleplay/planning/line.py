"""The tasks of a plan in one language."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, TypeVar

from csc_dspy.roleplay._base import EVENTS, Difficulty, Event, Industry, Profile, Task, Topic
from csc_dspy.roleplay.planning.favouring import Favouring, pick
from csc_dspy.roleplay.planning.lattice import Lattice
from csc_dspy.taxonomy import Language

T = TypeVar("T")

_FULL: Final = 2**32


@dataclass(frozen=True, slots=True)
class Grid:
    """What is combined with the profiles."""

    topics: Sequence[Topic]
    industries: Sequence[Industry]
    difficulties: Sequence[Difficulty]
    events: float
    """The share of tasks with an event."""


class Line:
    """Combines profiles and scenes, endlessly and evenly; what cannot be even is drawn.

    A draw depends on what is combined, not on its place in the line: a combination that comes in another plan
    with the same seed too is the same task there.
    """

    def __init__(
        self,
        language: Language,
        pool: Sequence[Profile],
        grid: Grid,
        favouring: Favouring | None,
        seed: int,
    ) -> None:
        self._language = language
        self._pool = pool
        self._favouring = favouring
        self._seed = seed
        self._share = grid.events
        topics = [1] * len(grid.topics)
        levels = [1] * len(grid.difficulties)
        self._events = dict.fromkeys(EVENTS, 1.0)
        if favouring:
            topics = favouring.topic_copies([each.id for each in grid.topics])
            levels = favouring.difficulty_copies(grid.difficulties)
            self._events = dict(zip(EVENTS, favouring.event_weights(EVENTS), strict=True))
        self._topics = self._shuffled(_copied(grid.topics, topics), "topics")
        self._industries = self._shuffled(grid.industries, "industries")
        self._levels = self._shuffled(_copied(grid.difficulties, levels), "difficulties")

    def tasks(self) -> Iterator[Task]:
        """The tasks; they never end."""
        kinds = (self._pool, self._topics, self._industries, self._levels)
        lattice = Lattice([len(each) for each in kinds])
        combinations = len(lattice)
        for index in count():
            place = lattice.at(index)
            yield self._task(place, index // combinations)

    def _shuffled(self, members: Sequence[T], kind: str) -> list[T]:
        return random.Random(f"{self._seed} {self._language} {kind}").sample(members, len(members))

    def _task(self, place: Sequence[int], turn: int) -> Task:
        profile, industry = self._pool[place[0]], self._industries[place[2]]
        (topic, first), (difficulty, second) = self._topics[place[1]], self._levels[place[3]]
        # The copies and the turn tell repetitions apart.
        scene = f"{topic.id} {first} {industry.id} {difficulty} {second}"
        content = f"{self._seed} {profile.id} {scene} {turn}"
        seed, whether, which, *draws = _numbers(content)
        events = (pick(self._events, which / _FULL),) if whether / _FULL < self._share else ()
        return Task(
            language=self._language,
            profile=profile,
            topic=topic,
            industry=industry,
            difficulty=difficulty,
            events=events,
            favoured=self._favoured(topic, difficulty, events, draws),
            seed=seed >> 1,
        )

    def _favoured(
        self, topic: Topic, difficulty: Difficulty, events: tuple[Event, ...], draws: Sequence[int]
    ) -> tuple[str, ...]:
        if self._favouring is None:
            return ()
        return self._favouring.favoured(topic.id, difficulty, events, [each / _FULL for each in draws])


def _numbers(content: str) -> tuple[int, ...]:
    """Six whole numbers of 32 bits that depend on a text."""
    digest = hashlib.blake2b(content.encode(), digest_size=24).digest()
    return struct.unpack("<6I", digest)


def _copied(members: Sequence[T], copies: Sequence[int]) -> list[tuple[T, int]]:
    """Each member as often as it has copies, with the number of the copy."""
    return [(member, copy) for member, most in zip(members, copies, strict=True) for copy in range(most)]
