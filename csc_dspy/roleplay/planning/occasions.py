"""Which scenes give occasion for which strategies, as stated in ``occasions.toml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import Field, RootModel

from csc_dspy.roleplay._base import Difficulty, Event
from csc_dspy.roleplay.tables import Entry, validated
from csc_dspy.toml_text import read

_FILE: Final = Path(__file__).with_name("occasions.toml")

Factors = dict[str, float]
"""How many times likelier a strategy is than in an ordinary scene, by its id."""


class Occasions(Entry):
    """What is known of the strategies of one taxonomy; nothing, unless the file has it."""

    rare: list[str] = Field(default_factory=list)
    """Those that corpora have few of."""
    placed: list[str] = Field(default_factory=list)
    """Those that come at their place whatever the scene."""
    topics: dict[str, Factors] = Field(default_factory=dict)
    difficulties: dict[Difficulty, Factors] = Field(default_factory=dict)
    events: dict[Event, Factors] = Field(default_factory=dict)

    def of_topic(self, strategy: str, topic: str) -> float:
        """How many times likelier a topic makes a strategy."""
        return self.topics.get(topic, {}).get(strategy, 1.0)

    def of_difficulty(self, strategy: str, difficulty: Difficulty) -> float:
        """How many times likelier a difficulty makes a strategy."""
        return self.difficulties.get(difficulty, {}).get(strategy, 1.0)

    def of_event(self, strategy: str, event: Event) -> float:
        """How many times likelier an event makes a strategy."""
        return self.events.get(event, {}).get(strategy, 1.0)


@lru_cache(maxsize=16)
def occasions_of(taxonomy: str) -> Occasions:
    """The occasions for the strategies of a taxonomy, by its id."""
    return _all().get(taxonomy, Occasions())


@lru_cache(maxsize=1)
def _all() -> dict[str, Occasions]:
    return validated(read(_FILE), RootModel[dict[str, Occasions]]).root
