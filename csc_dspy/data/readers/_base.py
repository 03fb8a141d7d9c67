"""What every reader takes and gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from csc_dspy.data.problems import Flaw, Problem
from csc_dspy.data.readers.content import Content

ROW_LIMIT: Final = 16 * 2**20
"""What one row may take: bytes of a line of JSON Lines, characters of an element of a JSON list."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a file before anybody asked what it means.

    ``value`` is what it holds, of plain JSON types, and ``text`` how the file spells it, None in a form
    without spelling. ``problems`` say why there is no value, or none to be trusted.
    """

    file: str
    line: int
    value: Any
    text: str | None
    problems: tuple[Problem, ...] = ()


def raw_row(file: str, line: int, value: object, text: str | None, flaws: Iterable[Flaw]) -> RawRow:
    """A row with what is wrong with it as a whole."""
    return RawRow(file, line, value, text, tuple(Problem(file, line, None, *flaw) for flaw in flaws))


class Reader(Protocol):
    """One form of data file."""

    @property
    def form(self) -> str:
        """What people call it."""

    def rows(self, content: Content) -> Iterator[RawRow]:
        """The rows in order.

        A row that cannot be read is delivered with its problems, and the next follows. Where no further row
        can be found a DataError names the place; the rows before have been delivered by then.
        """
