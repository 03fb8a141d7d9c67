"""Playing without a language model: lines of the packaged samples that were said at a like point.

That is good for trying the chain, and the rows say so: nothing new is said.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.measuring import record_call
from csc_dspy.lm.specs import EMBEDDED
from csc_dspy.roleplay._base import ROLES, Role, Scenario, Task
from csc_dspy.roleplay.acting import Line, Moment
from csc_dspy.roleplay.rules import Rules
from csc_dspy.taxonomy import Language, Strategy, Taxonomy

_SAMPLES: Final = "rolecs-sample"
_CHOICE: Final = 4
"""Of so many likely lines one is drawn."""
_SAME_PLACE: Final = 0.3
"""What a like place in the talk counts for, beside like words."""

NOTE: Final = "retrieved from the packaged samples; for trying the chain only"


@dataclass(frozen=True, slots=True)
class _Said:
    """A turn of a sample, with the words before it."""

    turn: Turn
    before: frozenset[str]
    place: float
    """From 0 to 1."""
    last: bool
    """Whether nobody says anything after it but farewell."""


class Retrieval:
    """Acts by retrieval; see the module. Deterministic: what it draws follows from the task's key."""

    def __init__(self, taxonomy: Taxonomy, language: Language) -> None:
        self.models: Mapping[Role, str] = dict.fromkeys(ROLES, EMBEDDED)
        self.notes: Mapping[str, Any] = {"engine": EMBEDDED, "note": NOTE}
        self._language = language
        labels = {each.taxonomy.id for each in self._samples}
        if taxonomy.id not in labels:
            raise ConfigError(
                f"the embedded engine plays by samples that have no labels of {taxonomy.id!r}",
                where="--lm embedded",
                remedy="name a language model with --lm",
            )

    @property
    def identity(self) -> Mapping[str, Any]:
        """What it draws from."""
        return {"cast": _SAMPLES}

    async def plan(self, task: Task, rules: Rules) -> Scenario:  # noqa: ARG002  as others who plan
        """That of a sample about the topic, if there is one."""
        record_call()
        topic = task.topic.name[self._language]
        near = [each for each in self._samples if each.topic == topic] or self._samples
        drawn = random.Random(f"{task.key}/scene").choice(near)
        return Scenario(drawn.scenario or topic, drawn.customer_goal or topic)

    async def support(self, moment: Moment, rules: Rules) -> Line:  # noqa: ARG002  as others who act
        """What a supporter has said by a strategy that is allowed."""
        said = self._drawn(moment, "supporter", moment.allowed)
        return Line(said.turn.text, said.turn.strategy)

    async def respond(self, moment: Moment) -> Line:
        """What a customer has said."""
        said = self._drawn(moment, "customer", ())
        return Line(said.turn.text, over=said.last)

    def _drawn(self, moment: Moment, speaker: str, allowed: Collection[Strategy]) -> _Said:
        record_call()
        turns = moment.position.turns
        spoken = {turn.text for turn in turns}
        lines = [
            each
            for each in self._lines[speaker]
            if (not allowed or each.turn.strategy in allowed) and each.turn.text not in spoken
        ]
        words, place = _words(turns[-2:]), min(len(turns) / 24, 1.0)

        def likeness(each: _Said) -> float:
            shared = len(words & each.before) / (len(words | each.before) or 1)
            return shared - _SAME_PLACE * abs(each.place - place)

        likest = sorted(lines or self._lines[speaker], key=likeness, reverse=True)[:_CHOICE]
        return random.Random(f"{moment.task.key}/{len(turns)}/line").choice(likest)

    @property
    def _samples(self) -> Sequence[Conversation]:
        return _samples(self._language)

    @cached_property
    def _lines(self) -> dict[str, list[_Said]]:
        found: dict[str, list[_Said]] = {"supporter": [], "customer": []}
        for conversation in self._samples:
            for each in _said(conversation):
                found[each.turn.speaker].append(each)
        return found


def _said(conversation: Conversation) -> Iterator[_Said]:
    turns = conversation.dialogue
    for index, turn in enumerate(turns):
        place = index / max(len(turns) - 1, 1)
        yield _Said(turn, _words(turns[max(index - 2, 0) : index]), place, index >= len(turns) - 2)


def _words(turns: Sequence[Turn]) -> frozenset[str]:
    """Pairs of characters, which every language has."""
    text = " ".join(turn.text for turn in turns).casefold()
    return frozenset(text[place : place + 2] for place in range(len(text) - 1))


@lru_cache(maxsize=2)
def _samples(language: Language) -> Sequence[Conversation]:
    from csc_dspy.data import read

    return [each for each in read(_SAMPLES) if each.spoken_language == language]
