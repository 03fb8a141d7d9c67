"""What metrics of responses share: who answered what, sums for each dialogue, and the mean over turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from csc_dspy.metrics._means import ratio

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Array, Aspect, Attempt, Dialogue, Unit


def response(attempt: Attempt) -> str:
    """What was answered; a missing answer is an empty one."""
    return attempt.predicted.response or ""


def reference(attempt: Attempt) -> str:
    """What the supporter of the dialogue said at this turn."""
    return attempt.example.turn.text


def mean(tallies: Array) -> Array:
    """The mean, where a tally is a sum and a count; nan where the count is 0."""
    return ratio(tallies[..., 0], tallies[..., 1])


def summed(rows: Iterable[Sequence[float]], dialogues: Sequence[Dialogue], width: int) -> Array:
    """The rows of all turns, which have ``width`` numbers each, added up for each dialogue."""
    import numpy as np

    sums = np.zeros((len(dialogues), width))
    turns = np.array([*rows], dtype=np.float64).reshape(-1, width)
    np.add.at(sums, np.repeat(np.arange(len(dialogues)), [len(dialogue) for dialogue in dialogues]), turns)
    return sums


def attempts(dialogues: Sequence[Dialogue]) -> Iterator[Attempt]:
    """Every attempt of the dialogues, in order."""
    return (attempt for dialogue in dialogues for attempt in dialogue)


@dataclass(frozen=True, slots=True)
class ResponseMetric:
    """What all metrics of responses have in common: they are percentages, and more is better."""

    aspect: ClassVar[Aspect] = "response"
    unit: ClassVar[Unit] = "percent"
    higher_is_better: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class EachTurn(ResponseMetric):
    """The mean over turns of ``score(response, reference)``, which is from 0 to 100."""

    name: str
    score: Callable[[str, str], float]

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """For each dialogue the sum of its turns' scores, and their number."""
        rows = ((self.score(response(turn), reference(turn)), 1.0) for turn in attempts(dialogues))
        return summed(rows, dialogues, 2)

    def value(self, tallies: Array) -> Array:
        """The mean over turns."""
        return mean(tallies)
