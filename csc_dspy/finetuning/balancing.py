"""How many rows of each strategy and each task are wanted, out of those that there are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning._base import Part, Task
from csc_dspy.finetuning.tasks import Mixture
from csc_dspy.taxonomy import Language

Kind = Literal["none", "cap", "oversample", "sqrt"]

_WHERE: Final = "--balance"


class Cell(NamedTuple):
    """Rows that are alike for balancing."""

    part: Part
    task: Task
    language: Language
    strategy: str


Counts = Mapping[Cell, int]


@dataclass(frozen=True, slots=True)
class Balance:
    """What is done about strategies that are rare. It holds for training rows, by task and language.

    ``cap``: no strategy has more than ``most`` rows. ``oversample``: rows of rarer strategies are repeated
    until each has as many as the commonest. ``sqrt``: as many rows as before, shared out by the square roots
    of the strategies' counts, so that common ones lose some and rare ones are repeated.
    """

    kind: Kind = "none"
    most: int = 0

    def __str__(self) -> str:
        return f"cap:{self.most}" if self.kind == "cap" else self.kind

    def wanted(self, counts: Sequence[int]) -> list[int]:
        """How many rows each strategy is to have, where it has ``counts``."""
        if self.kind == "cap":
            return [min(count, self.most) for count in counts]
        if self.kind == "oversample":
            return [max(counts) if count else 0 for count in counts]
        if self.kind == "sqrt":
            return apportioned(sum(counts), [Fraction(math.sqrt(count)) for count in counts])
        return list(counts)


def parse_balance(text: str) -> Balance:
    """``none``, ``cap:N``, ``oversample`` or ``sqrt``; ConfigError if it is none of them."""
    name, colon, number = text.partition(":")
    if name == "cap":
        if not (number.isascii() and number.isdigit() and int(number)):
            raise ConfigError(
                f"{text[:60]!r} does not say how many rows", where=_WHERE, remedy="write cap:500"
            )
        return Balance("cap", int(number))
    for kind in ("none", "oversample", "sqrt"):
        if name == kind and not colon:
            return Balance(kind)
    raise ConfigError(
        f"{text[:60]!r} is no way to balance", where=_WHERE, remedy="it is none, cap:N, oversample or sqrt"
    )


def targets(counts: Counts, balance: Balance, mixture: Mixture) -> dict[Cell, int]:
    """How many rows of each cell are wanted.

    First each strategy of the training rows is balanced, then as many rows as the shares of the tasks allow
    are kept, of each strategy its part.
    """
    balanced = _balanced(counts, balance)
    if not mixture.shares:
        return balanced
    found: dict[Cell, int] = {}
    for part in dict.fromkeys(cell.part for cell in balanced):
        found |= _mixed({cell: count for cell, count in balanced.items() if cell.part == part}, mixture)
    return found


def apportioned(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """``total`` shared out by weights to whole numbers; what is left over goes to the largest remainders."""
    whole = sum(weights, Fraction(0))
    if not whole:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    shares = [math.floor(each) for each in exact]
    order = sorted(range(len(weights)), key=lambda place: (shares[place] - exact[place], place))
    for place in order[: total - sum(shares)]:
        shares[place] += 1
    return shares


def _balanced(counts: Counts, balance: Balance) -> dict[Cell, int]:
    found = dict(sorted(counts.items()))
    for group in dict.fromkeys(cell[:3] for cell in found):
        # Rows to validate by stay as the data are.
        if group[0] == "train":
            cells = [cell for cell in found if cell[:3] == group]
            found |= zip(cells, balance.wanted([found[cell] for cell in cells]), strict=True)
    return found


def _mixed(counts: Counts, mixture: Mixture) -> dict[Cell, int]:
    """The counts of one part, thinned until the tasks have their shares."""
    there = [sum(count for cell, count in counts.items() if cell.task == task) for task in mixture.tasks]
    wanted = _largest(there, [mixture.shares[task] for task in mixture.tasks])
    found: dict[Cell, int] = {}
    for task, total in zip(mixture.tasks, wanted, strict=True):
        cells = [cell for cell in counts if cell.task == task]
        found |= zip(cells, apportioned(total, [counts[cell] for cell in cells]), strict=True)
    return found


def _largest(there: Sequence[int], shares: Sequence[Fraction]) -> list[int]:
    """The most rows by ``shares`` of which no task needs more than ``there`` are."""
    whole = sum(shares, Fraction(0))
    total = min(math.floor(count * whole / share) for count, share in zip(there, shares, strict=True))
    return apportioned(total, shares)
