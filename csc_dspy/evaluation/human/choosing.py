"""Which turns people are asked about."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from csc_dspy.conversations import TurnExample
from csc_dspy.evaluation.cases import Cases
from csc_dspy.evaluation.human.files import Side
from csc_dspy.evaluation.prediction_file import FileSystem
from csc_dspy.evaluation.running import Entry, run
from csc_dspy.exceptions import ConfigError


@dataclass(frozen=True, slots=True)
class Pair:
    """Two different responses to the same history."""

    dialogue: str
    example: TurnExample
    a: str
    b: str


@dataclass(slots=True)
class Pairs:
    """All pairs by dialogue, and how many turns make none."""

    turns: int = 0
    identical: int = 0
    unanswered: int = 0
    by_dialogue: dict[str, list[Pair]] = field(default_factory=dict)

    def add(self, dialogue: str, example: TurnExample, a: str | None, b: str | None) -> None:
        """Take in what both systems said of a turn."""
        self.turns += 1
        if not (a and a.strip() and b and b.strip()):
            self.unanswered += 1
        elif a.split() == b.split():
            self.identical += 1
        else:
            self.by_dialogue.setdefault(dialogue, []).append(Pair(dialogue, example, a, b))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A pair, and whose response is shown on the left."""

    pair: Pair
    left: Side

    @property
    def texts(self) -> tuple[str, str]:
        """Left and right."""
        return (self.pair.a, self.pair.b) if self.left == "a" else (self.pair.b, self.pair.a)


def pairs_of(a: str | Path, b: str | Path, cases: Cases) -> Pairs:
    """The responses of two files of predictions, side by side; DataError if one does not fit the dialogues.

    Only those in the reference context: elsewhere the two systems answer different histories.
    """
    overview = cases.overview()
    entries = []
    for path in (a, b):
        system = FileSystem(path, cases.taxonomy)
        if "response" not in system.aspects:
            raise ConfigError("predicts no responses", where=str(path), remedy="there is nothing to compare")
        system.require_all(overview, ("reference",))
        entries.append(Entry(system, "reference"))
    pairs = Pairs()
    for result in run(cases, entries, 1, lambda *_: None):
        for one, other in zip(*(result.predictions[entry] for entry in entries), strict=True):
            pairs.add(one.dialogue, one.example, one.predicted.response, other.predicted.response)
    return pairs


def choose(pairs: Pairs, count: int, seed: int) -> list[Chosen]:
    """So many pairs, spread over as many dialogues as there are, in random order.

    Each system is on the left half of the times.
    """
    draw = random.Random(seed)
    there = sum(map(len, pairs.by_dialogue.values()))
    if not 1 <= count <= there:
        raise ConfigError(
            f"{count} comparisons are asked for, and {there} turns have two different responses",
            remedy=f"ask for 1 to {there}" if there else "compare two systems that differ",
        )
    dialogues = list(pairs.by_dialogue.values())
    chosen = _spread(dialogues, draw)[:count]
    draw.shuffle(chosen)
    both: list[Side] = ["a", "b"]
    sides = [*both * (count // 2), *draw.sample(both, count % 2)]
    draw.shuffle(sides)
    return [Chosen(pair, side) for pair, side in zip(chosen, sides, strict=True)]


def _spread(dialogues: Sequence[Sequence[Pair]], draw: random.Random) -> list[Pair]:
    """All pairs, so ordered that no dialogue comes again before every other has come."""
    shuffled = [draw.sample(pairs, len(pairs)) for pairs in draw.sample(dialogues, len(dialogues))]
    return [pair for round_ in zip_longest(*shuffled) for pair in round_ if pair is not None]
