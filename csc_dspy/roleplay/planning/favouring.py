"""Steering a plan towards scenes that give occasion for the strategies that are favoured."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from math import gcd, prod
from typing import Final, TypeVar

from csc_dspy.roleplay._base import Difficulty, Event
from csc_dspy.roleplay.planning.occasions import Occasions

S = TypeVar("S")
T = TypeVar("T")

# However well a topic suits, it comes at most so many times as often as another; and in steps of one half.
_MOST: Final = 3
_GRAIN: Final = 2
# One favourite always; a second, which a natural scene has not always room for, in every other task.
_SECOND: Final = 0.5


class Favouring:
    """Weights of scenes, from the weights of the strategies that they are to bring out."""

    def __init__(self, weights: Mapping[str, float], occasions: Occasions) -> None:
        self._weights = weights
        self._occasions = occasions
        # Scenes are few and tasks are many.
        self._likely = lru_cache(maxsize=4096)(self._likely_in)

    def topic_copies(self, topics: Sequence[str]) -> list[int]:
        """How often each topic should come, compared with the others."""
        return _copies(self._scene_weights(topics, self._occasions.of_topic))

    def difficulty_copies(self, difficulties: Sequence[Difficulty]) -> list[int]:
        """How often each difficulty should come, compared with the others."""
        return _copies(self._scene_weights(difficulties, self._occasions.of_difficulty))

    def event_weights(self, events: Sequence[Event]) -> list[float]:
        """How likely each event should be, compared with the others."""
        return self._scene_weights(events, self._occasions.of_event)

    def favoured(
        self, topic: str, difficulty: Difficulty, events: Sequence[Event], draws: Sequence[float]
    ) -> tuple[str, ...]:
        """One or two strategies that a scene suits, by three numbers from 0 to below 1."""
        first, whether, second = draws
        likely = self._likely(topic, difficulty, tuple(events))
        one = pick(likely, first)
        rest = {strategy: weight for strategy, weight in likely.items() if strategy != one}
        return (one, pick(rest, second)) if rest and whether < _SECOND else (one,)

    def _scene_weights(self, scenes: Sequence[S], factor: Callable[[str, S], float]) -> list[float]:
        """For each scene the weights of all strategies, with its factors."""
        return [
            sum(weight * factor(each, scene) for each, weight in self._weights.items()) for scene in scenes
        ]

    def _likely_in(
        self, topic: str, difficulty: Difficulty, events: tuple[Event, ...]
    ) -> Mapping[str, float]:
        """The weights of the strategies in one scene."""
        return {
            each: weight * self._factor(each, topic, difficulty, events)
            for each, weight in self._weights.items()
        }

    def _factor(self, strategy: str, topic: str, difficulty: Difficulty, events: tuple[Event, ...]) -> float:
        known = self._occasions
        of_events = prod(known.of_event(strategy, event) for event in events)
        return known.of_topic(strategy, topic) * known.of_difficulty(strategy, difficulty) * of_events


def pick(weights: Mapping[T, float], draw: float) -> T:
    """A member by its weight and a number from 0 to below 1."""
    bounds = list(accumulate(weights.values()))
    return list(weights)[min(bisect_right(bounds, draw * bounds[-1]), len(bounds) - 1)]


def _copies(weights: Sequence[float]) -> list[int]:
    """Small whole numbers in about the proportion of the weights."""
    least = min(weights)
    copies = [round(_GRAIN * min(_MOST, weight / least)) for weight in weights]
    common = gcd(*copies)
    return [each // common for each in copies]
