"""Demonstrations that cover every class, chosen by what they do to the score on dev."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, ClassVar, Final

from ..demonstrating import (
    by_label,
    decides_labels,
    demonstrating,
    in_turn,
    label,
    structured,
    teachable,
)
from .dspy_calls import asking, require

if TYPE_CHECKING:
    import dspy

    from csc_dspy.programs import Program

    from .._base import Bench

_IN_PROMPTS: Final = 24
# A structured engine learns from all of them at once, in a fraction of a second.
_AS_DATA: Final = 512
# It looks a text up by comparing all of the same strategy, each time anew.
_TEXTS_AS_DATA: Final = 96
_PART: Final = 0.25
"""How much of a set is exchanged at a time."""
_SIZES: Final = (1.0, 0.75, 0.5)
"""Of candidate sets, as shares of the most demonstrations: more are better, but not always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balanced:
    """A search for demonstrations in which every strategy has its turn (for trackers of stages, every stage).

    Candidate sets are drawn and scored; then part of the best one is exchanged for others of the same labels,
    which is kept where it helps. All predictors are shown the same turns.
    """

    name: ClassVar[str] = "balanced"

    demonstrations: int | None = None
    """The most for each predictor; None for 24 in prompts, and for the embedded engine 512, or 96
    where only text is written."""
    per_label: int | None = None
    """The most for each label; None for no such limit."""
    candidates: int = 6
    """How many sets are drawn."""
    exchanges: int = 6
    """How often an exchange is tried."""

    def __post_init__(self) -> None:
        require(
            self.name,
            demonstrations=(1 if self.demonstrations is None else self.demonstrations, 1),
            per_label=(1 if self.per_label is None else self.per_label, 1),
            candidates=(self.candidates, 1),
            exchanges=(self.exchanges, 0),
        )

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        return self.demonstrations or _IN_PROMPTS

    def most_calls(self, program: Program, train: int, dev: int) -> int:  # noqa: ARG002  as all optimizers
        """The program as it was and every trial, on dev."""
        return (1 + self.candidates + self.exchanges) * dev * asking(program)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with the best set that was found, if it helps."""
        search = _Search(program, bench, bench.trials.score(program, "as it was"))
        pool = teachable(program, bench.train)
        most = self.demonstrations or _usual(program)
        for number in range(self.candidates):
            search.consider(self._drawn(program, pool, most, Random(f"{bench.seed} {number}"), number))
        for number in range(self.exchanges):
            search.consider(_exchanged(program, search.best, pool, Random(f"{bench.seed} exchange {number}")))
        return search.found

    def _drawn(
        self, program: Program, pool: Sequence[dspy.Example], most: int, chance: Random, number: int
    ) -> list[dspy.Example]:
        groups = by_label(program, pool, chance).values()
        # The sizes of hosted prompts are what was asked for; an engine that takes hundreds may be better off
        # with fewer, if these cover the rare labels as well as the frequent ones.
        share = _SIZES[number % len(_SIZES)] if most > len(_SIZES) * len(groups) * 2 else 1.0
        return in_turn([group[: self.per_label] for group in groups], round(min(most, len(pool)) * share))


def _usual(program: Program) -> int:
    if not structured():
        return _IN_PROMPTS
    return _AS_DATA if any(map(decides_labels, program.predictors())) else _TEXTS_AS_DATA


class _Search:
    """The best set so far."""

    def __init__(self, program: Program, bench: Bench, score: float) -> None:
        self.found = program
        self.best: list[dspy.Example] = []
        self._program, self._bench, self._score = program, bench, score
        self._best_score = float("-inf")
        self._tried: set[frozenset[int]] = set()

    def consider(self, examples: list[dspy.Example]) -> None:
        """Score a set, unless one with the same examples has been scored."""
        content = frozenset(map(id, examples))
        if content in self._tried:
            return
        self._tried.add(content)
        candidate = demonstrating(self._program, examples, texts=_TEXTS_AS_DATA if structured() else None)
        score = self._bench.trials.score(candidate, f"{len(examples)} demonstrations")
        if score > self._best_score:
            self._best_score, self.best = score, examples
        if score > self._score:
            self._score, self.found = score, candidate


def _exchanged(
    program: Program, chosen: Sequence[dspy.Example], pool: Sequence[dspy.Example], chance: Random
) -> list[dspy.Example]:
    """Some of the examples replaced by others of the same labels, where there are others."""
    if len(pool) - len(chosen) < len(chosen) * _PART:
        # Too few others for a set that is different.
        return list(chosen)
    kept = {id(example) for example in chosen}
    others = by_label(program, [each for each in pool if id(each) not in kept], chance)
    found = list(chosen)
    for place in chance.sample(range(len(found)), -(-len(found) // round(1 / _PART))):
        if rest := others.get(label(program, found[place])):
            found[place] = rest.pop()
    return found
