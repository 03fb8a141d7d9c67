"""Which dialogues are to be played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import content_key
from csc_dspy.roleplay._base import DIFFICULTIES, Difficulty, Industry, Profile, Task, Topic
from csc_dspy.roleplay.planning.favouring import Favouring
from csc_dspy.roleplay.planning.line import Grid, Line
from csc_dspy.roleplay.planning.occasions import occasions_of
from csc_dspy.roleplay.planning.summary import Summary, summarise
from csc_dspy.roleplay.profiles import POOL, ProfileSource, profile_pool
from csc_dspy.roleplay.topics import industries, topics
from csc_dspy.taxonomy import DEFAULT, LANGUAGES, Language


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An endless, even order of tasks of which the first ``count`` are to be played.

    Profiles, topics, industries and difficulties are combined evenly; events and favoured strategies are
    drawn. The same plan gives the same tasks, and a longer one begins with those of a shorter.
    """

    count: int
    language: Language | None = None
    """Without one, Chinese and English take turns, as far as there are profiles."""
    profiles: ProfileSource = "generated"
    """``generated``, ``seeds``, or profiles of one's own."""
    topics: Sequence[Topic] = field(default_factory=topics)
    industries: Sequence[Industry] = field(default_factory=industries)
    difficulties: Sequence[Difficulty] = DIFFICULTIES
    events: float = 0.2
    """The share of tasks with an event."""
    favour: Mapping[str, float] | None = None
    """Weights of strategies that scenes should bring out, by id; see `rare_strategies`."""
    taxonomy: str = DEFAULT
    """The id of the taxonomy that these strategies are of."""
    seed: int = 0
    pool: int = POOL
    """How many different profiles are generated for each language before the first comes again."""

    def __post_init__(self) -> None:
        _require(self.count >= 1, f"{self.count} tasks are none", "count")
        _require(0 <= self.events <= 1, f"{self.events} is no share", "events")
        for name in ("topics", "industries", "difficulties"):
            _require(bool(getattr(self, name)), "there are none to choose from", name)
        weights = (self.favour or {"": 1.0}).values()
        _require(min(weights) >= 0 and sum(weights) > 0, "weights are shares, none below zero", "favour")

    @property
    def identity(self) -> dict[str, Any]:
        """What the order of the tasks depends on, without how many of them are wanted."""
        return {
            "language": self.language,
            "profiles": self._named_profiles,
            "topics": [each.id for each in self.topics],
            "industries": [each.id for each in self.industries],
            "difficulties": list(self.difficulties),
            "events": self.events,
            "favour": None if self.favour is None else dict(self.favour),
            "seed": self.seed,
            "pool": self.pool,
        }

    def tasks(self) -> Iterator[Task]:
        """The tasks in order, made as they are asked for."""
        return islice(self._endless(), self.count)

    def summary(self) -> Summary:
        """How many tasks there are of each kind."""
        return summarise(self.tasks())

    @property
    def _named_profiles(self) -> str:
        """The name of the source, or a hash of the profiles."""
        if isinstance(self.profiles, str):
            return self.profiles
        return content_key([each.to_dict() for each in self.profiles])

    def _endless(self) -> Iterator[Task]:
        pools = {each: self._pool(each) for each in ([self.language] if self.language else LANGUAGES)}
        lines = [self._line(language, pool) for language, pool in pools.items() if pool]
        _require(bool(lines), f"there are none in {self.language or 'either language'}", "profiles")
        while True:
            for line in lines:
                yield next(line)

    def _pool(self, language: Language) -> Sequence[Profile]:
        return profile_pool(self.profiles, language, seed=self.seed, size=self.pool)

    def _line(self, language: Language, pool: Sequence[Profile]) -> Iterator[Task]:
        grid = Grid(self.topics, self.industries, self.difficulties, self.events)
        favouring = Favouring(self.favour, occasions_of(self.taxonomy)) if self.favour else None
        return Line(language, pool, grid, favouring, self.seed).tasks()


def _require(holds: bool, problem: str, where: str) -> None:  # noqa: FBT001  the rule itself
    if not holds:
        raise ConfigError(problem, where=where)
