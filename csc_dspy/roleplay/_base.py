"""What goes through a role play: who calls, about what, and what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, get_args

import orjson

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.taxonomy import Language, Localized, Taxonomy

Difficulty = Literal["easy", "medium", "hard"]
DIFFICULTIES: Final[tuple[Difficulty, ...]] = get_args(Difficulty)

Event = Literal["identity_refused", "transfer", "outage", "second_issue"]
"""Something that happens during the talk, for variety."""
EVENTS: Final[tuple[Event, ...]] = get_args(Event)

Role = Literal["planner", "supporter_assistant", "supporter", "customer_assistant", "customer"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Ending = Literal["closure", "customer", "length"]
"""The supporter took leave, the customer ended the talk, or it had grown as long as it may."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer. All words are in the profile's language."""

    id: str
    language: Language
    age: int
    occupation: str
    region: str
    education: str
    temper: str
    speaking_style: str
    emotion: str
    channel: str
    digital_skill: str
    relation: str
    """What the customer has had to do with the company so far."""
    description: str
    """The same in the second person, for whoever plays the customer."""

    def to_dict(self) -> dict[str, Any]:
        """This profile as rows hold it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Topic:
    """What conversations are about, one of those that CSConv and RoleCS have or one's own."""

    id: str
    name: Localized
    definition: Localized


@dataclass(frozen=True, slots=True)
class Industry:
    """Where the company belongs that the customer calls."""

    id: str
    name: Localized


@dataclass(frozen=True)
class Task:
    """One dialogue to play. Equal tasks are told by their `key`, wherever they stand in a plan."""

    language: Language
    profile: Profile
    topic: Topic
    industry: Industry
    difficulty: Difficulty
    events: tuple[Event, ...] = ()
    favoured: tuple[str, ...] = ()
    """Ids of strategies that the scenario should give occasion for."""
    seed: int = 0

    @cached_property
    def key(self) -> str:
        """A hash of everything in this task."""
        content = orjson.dumps(self.to_dict(), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """This task as JSON."""
        # `asdict` copies every level, which takes half the time of making a task.
        return {
            "language": self.language,
            "profile": self.profile.to_dict(),
            "topic": asdict(self.topic),
            "industry": asdict(self.industry),
            "difficulty": self.difficulty,
            "events": list(self.events),
            "favoured": list(self.favoured),
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the planner makes of a task."""

    scene: str
    goal: str


@dataclass(frozen=True)
class Played:
    """A dialogue that was played to its end."""

    task: Task
    scenario: Scenario
    turns: Sequence[Turn]
    ended: Ending
    models: Mapping[Role, str]
    """What each role was played by."""
    calls: int = 0
    tokens: int = 0
    overruled: int = 0
    """How many strategies broke a rule even when asked again, and were replaced."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What else the row is to say, such as the engine."""
    usd: float | None = 0.0
    """What it has cost; None where a price is not known."""

    def conversation(self, taxonomy: Taxonomy) -> Conversation:
        """The dialogue in the published schema, with all that is known of how it came about."""
        task = self.task
        return Conversation(
            id=f"roleplay-{task.key[:16]}",
            source="RoleCS-roleplay",
            language=task.language,
            topic=task.topic.name[task.language],
            scenario=self.scenario.scene,
            customer_goal=self.scenario.goal,
            profile=task.profile.to_dict(),
            dialogue=tuple(self.turns),
            taxonomy=taxonomy,
            **{
                "industry": task.industry.name[task.language],
                "difficulty": task.difficulty,
                "events": list(task.events),
                "favoured": list(task.favoured),
                "seed": task.seed,
                "ended": self.ended,
                "models": dict(self.models),
                **self.notes,
            },
        )


@dataclass(frozen=True)
class Failed:
    """A dialogue that could not be played to its end, and why. Nothing of it goes into the corpus."""

    task: Task
    reason: str
    """A word or two that are the same for all alike."""
    detail: str
    calls: int = 0
    tokens: int = 0
    usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a dialogue is not kept.

    ``reason`` is a word that is the same for all alike, ``detail`` says what it is in this one.
    """

    reason: str
    detail: str
    turn: int | None = None
    """Which turn, from 1, where it is one."""
