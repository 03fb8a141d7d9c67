"""What there is in a corpus of dialogues, counted in one pass and in room that does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from csc_dspy.conversations import Conversation, Speaker
from csc_dspy.data.statistics import Statistics, stats
from csc_dspy.data.statistics.names import NameCount
from csc_dspy.data.statistics.scratch import Scratch
from csc_dspy.metrics.text.ngrams import ngrams
from csc_dspy.metrics.text.tokens import words

FACTS: Final = ("topic", "industry", "difficulty", "ended")
"""What a dialogue has one of."""
TRAITS: Final = (
    "age",
    "occupation",
    "region",
    "education",
    "temper",
    "speaking_style",
    "emotion",
    "channel",
    "digital_skill",
    "relation",
)
"""What a profile has one of; ages by tens."""
ORDERS: Final = (1, 2)
_SPEAKERS: Final[tuple[Speaker, ...]] = ("supporter", "customer")
_ROOM: Final = 2**18


@dataclass(frozen=True, slots=True)
class Survey:
    """What was counted."""

    statistics: Statistics
    facts: Mapping[str, Mapping[str, int]]
    """By fact, then by what it is: how many dialogues. The most frequent ones only."""
    traits: Mapping[str, Mapping[str, int]]
    """The same of profiles."""
    events: Mapping[str, int]
    distinct: Mapping[str, Mapping[str, float]]
    """By speaker, then by length of n-gram: the mean share of different ones in a dialogue, in percent."""


def survey(conversations: Iterable[Conversation]) -> Survey | None:
    """Count conversations of one taxonomy; None if there are none."""
    coming = iter(conversations)
    first = next(coming, None)
    if first is None:
        return None
    with Scratch() as scratch:
        details = _Details(scratch)
        statistics = stats(details.counting(chain((first,), coming)))
        return Survey(
            statistics,
            details.of(FACTS),
            details.of(TRAITS),
            details.of(("event",))["event"],
            details.distinct(),
        )


class _Details:
    """Counts what `stats` does not."""

    def __init__(self, scratch: Scratch) -> None:
        self._names = {name: NameCount(scratch, _ROOM) for name in (*FACTS, *TRAITS, "event")}
        self._shares = {(speaker, order): 0.0 for speaker in _SPEAKERS for order in ORDERS}
        self._dialogues = 0

    def counting(self, conversations: Iterable[Conversation]) -> Iterator[Conversation]:
        """The same conversations, each counted on its way."""
        for conversation in conversations:
            self._add(conversation)
            yield conversation

    def of(self, names: Iterable[str]) -> dict[str, dict[str, int]]:
        """How often each of them is what."""
        return {name: dict(self._names[name].result().most_frequent) for name in names}

    def distinct(self) -> dict[str, dict[str, float]]:
        """The mean over dialogues."""
        return {
            speaker: {str(order): 100 * self._shares[speaker, order] / self._dialogues for order in ORDERS}
            for speaker in _SPEAKERS
        }

    def _add(self, conversation: Conversation) -> None:
        self._dialogues += 1
        known = {"topic": conversation.topic, **(conversation.model_extra or {})}
        for name in FACTS:
            self._count(name, known.get(name))
        for event in known.get("events") or ():
            self._count("event", event)
        if isinstance(conversation.profile, Mapping):
            for name, value in _traits(conversation.profile):
                self._count(name, value)
        for speaker, order in self._shares:
            self._shares[speaker, order] += _distinct(conversation, speaker, order)

    def _count(self, name: str, value: object) -> None:
        if value not in (None, ""):
            self._names[name].add(str(value))


def _traits(profile: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name in TRAITS:
        value = profile.get(name)
        if name == "age" and isinstance(value, int):
            tens = value // 10 * 10
            value = f"{tens}–{tens + 9}"
        yield name, value


def _distinct(conversation: Conversation, speaker: Speaker, order: int) -> float:
    turns = (words(turn.text) for turn in conversation.dialogue if turn.speaker == speaker)
    said = [ngram for turn in turns for ngram in ngrams(turn, order)]
    return len(set(said)) / len(said) if said else 0.0
