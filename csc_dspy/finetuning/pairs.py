"""Worse answers to the same question, for training on preferences."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Final, Literal

from csc_dspy.conversations import TurnExample
from csc_dspy.finetuning._base import Part
from csc_dspy.finetuning.selecting import draw
from csc_dspy.metrics.text import chrf
from csc_dspy.taxonomy import Language

if TYPE_CHECKING:
    from csc_dspy.finetuning.asking import Answered
    from csc_dspy.finetuning.rows import Case, Question

Pairs = Literal["other-strategy", "program"]

_KEPT: Final = 16
"""Responses for each strategy after each other strategy; so many are enough to choose from."""
_COMPARED: Final = 12
_REMEMBERED: Final = 4096
_Place = tuple[Part, Language, str | None]
"""The part, the language, and the strategy before; None where any will do."""


@dataclass(frozen=True, slots=True, order=True)
class _Spoken:
    """A response of the corpus, and what it answers; the order is that of the draw."""

    drawn: int
    response: str
    strategy: str
    stage: str
    answers: str
    """What the customer had said."""

    def outputs(self, question: Question) -> dict[str, str]:
        """The response as an answer to a question."""
        return _fitting(question, self.stage, self.strategy, self.response)


class OtherStrategies:
    """Responses of the corpus, a bounded number, of which each turn gets one by another strategy.

    Preferred are those after the same strategy as the turn, and of a few such that which answers the most
    similar words of the customer.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._kept: dict[_Place, dict[str, list[_Spoken]]] = {}
        self._sorted: dict[_Place, list[_Spoken]] = {}

    def add(self, turns: Iterable[TurnExample], content: str, part: Part) -> None:
        """Take in the responses of a dialogue, before any is rejected; ``content`` tells it from others."""
        for turn in turns:
            strategy = turn.turn.strategy
            if strategy is None:
                continue
            spoken = _Spoken(
                # The smallest go, so which stay does not depend on the order of dialogues.
                draw(self._seed, f"{content}#{turn.index}".encode()),
                turn.turn.text,
                strategy.name[turn.language],
                turn.stage.name[turn.language],
                _asked(turn),
            )
            for place in (_place(turn, part), (part, turn.language, None)):
                kept = self._kept.setdefault(place, {}).setdefault(spoken.strategy, [])
                if len(kept) < _KEPT:
                    heapq.heappush(kept, spoken)
                else:
                    heapq.heappushpop(kept, spoken)

    def rejected(self, case: Case, question: Question) -> Mapping[str, str] | None:
        """A worse answer; None if the corpus has none."""
        turn = case.turn
        chance = Random(draw(self._seed, case.name.encode("utf-8", "surrogatepass")))
        for place in (_place(turn, case.part), (case.part, turn.language, None)):
            if found := self._some(place, turn, chance):
                asked = _bigrams(_asked(turn))
                return max(found, key=lambda each: _likeness(asked, _bigrams(each.answers))).outputs(question)
        return None

    def _some(self, place: _Place, turn: TurnExample, chance: Random) -> list[_Spoken]:
        """A few responses by other strategies, drawn."""
        if place not in self._sorted:
            strategies = self._kept.get(place, {})
            self._sorted[place] = sorted(each for kept in strategies.values() for each in kept)
        there = self._sorted[place]
        drawn = (there[index] for index in chance.sample(range(len(there)), len(there)))
        assert turn.turn.strategy is not None
        own, text = turn.turn.strategy.name[turn.language], turn.turn.text
        others = (each for each in drawn if each.strategy != own and each.response != text)
        return list(islice(others, _COMPARED))


def rejected_by_program(
    case: Case, question: Question, answered: Answered, chosen: Mapping[str, str]
) -> Mapping[str, str] | None:
    """What a program answered, if its response is scored lower than the gold one; else None."""
    response = answered.response
    if response is None or not response.strip():
        return None
    # Against itself the gold response has 100.
    if chrf(response, case.turn.turn.text) >= 100:
        return None
    stage, strategy = (
        answered.stage or chosen.get("stage", ""),
        answered.strategy or chosen.get("strategy", ""),
    )
    return _fitting(question, stage, strategy, response)


def _fitting(question: Question, stage: str, strategy: str, response: str) -> dict[str, str]:
    said = {"stage": stage, "strategy": strategy, "response": response}
    return {name: said[name] for name in question.lesson.outputs}


def _asked(turn: TurnExample) -> str:
    before: Iterator[str] = (each.text for each in reversed(turn.history) if each.speaker == "customer")
    return next(before, "")


def _place(turn: TurnExample, part: Part) -> _Place:
    """Where a turn stands: after which strategy of the supporter, empty where that is unknown."""
    before = (each.strategy for each in reversed(turn.history) if each.speaker == "supporter")
    last = next(before, None)
    return part, turn.language, last.id if last else ""


@lru_cache(_REMEMBERED)
def _bigrams(text: str) -> frozenset[str]:
    return frozenset(text[place : place + 2] for place in range(len(text) - 1))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / (len(one | other) or 1)
