"""What is wrong with a row of input: where, what, and how to mend it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Final

from csc_dspy.exceptions import DataError

_PARTICULARS: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+""")

Flaw = tuple[str, str]
"""What is wrong, and the remedy; a `Problem` whose place is not known yet."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. Lines and turns count from 1.

    ``line`` is None where a file as a whole is meant, ``turn`` where a row as a whole is. In Parquet files,
    which have no lines, ``line`` is the number of the row.
    """

    file: str
    line: int | None
    turn: int | None
    problem: str
    remedy: str

    @property
    def kind(self) -> str:
        """What is wrong without its particulars, so that alike problems can be counted."""
        return _PARTICULARS.sub("…", self.problem)

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        return str(self.as_error())

    def as_error(self, remedy: str | None = None) -> DataError:
        """The same as an error, with a further ``remedy`` behind its own."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        what = self.problem if self.turn is None else f"turn {self.turn}: {self.problem}"
        return DataError(what, where=where, remedy="; ".join(filter(None, (self.remedy, remedy))))
