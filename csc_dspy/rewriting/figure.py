"""What a figure is: a number, a share, a date or a time in what is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "percent", "date", "time"]


@dataclass(frozen=True, slots=True, order=True)
class Figure:
    """A number, a share, a date or a time of day, in one spelling: ``1200``, ``5%``, ``03-15``, ``3:00``.

    Times are those of a clock with twelve hours, because speech seldom says which half of the day is meant.
    """

    kind: Kind
    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a text.

    ``certain`` are those that say something by themselves; ``possible`` are these and others that might be
    figures, such as the one in "one moment", or the parts of a date.
    """

    certain: frozenset[Figure]
    possible: frozenset[Figure]
