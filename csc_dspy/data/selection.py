"""Which rows belong to the part that is asked for, where a file holds several parts."""

from __future__ import annotations

from typing import Final, Protocol

from csc_dspy.data.readers import RawRow
from csc_dspy.exceptions import DataError

# How many different sources an error lists.
_LISTED: Final = 10


class Selection(Protocol):
    """A rule for one pass over the rows. What cannot be told, as of a row that is not JSON, is kept."""

    def keeps(self, row: RawRow) -> bool:
        """Whether a row belongs to the part."""

    def finish(self) -> None:
        """Say that all rows were seen; DataError if none belonged to the part."""


class AllRows:
    """Every row."""

    def keeps(self, row: RawRow) -> bool:  # noqa: ARG002 - whatever it is
        """Yes."""
        return True

    def finish(self) -> None:
        """Nothing was asked for that could be missing."""


class ByIds:
    """Rows with certain ids."""

    def __init__(self, ids: frozenset[str]) -> None:
        self._ids = ids

    def keeps(self, row: RawRow) -> bool:
        """Whether the id is among them."""
        return not isinstance(row.value, dict) or row.value.get("id") in self._ids

    def finish(self) -> None:
        """The packaged samples hold what they promise."""


class BySource:
    """Rows whose ``source`` begins with the name of the part, in whatever case."""

    def __init__(self, part: str, where: str) -> None:
        self._part = part
        self._where = where
        self._found = False
        self._others: dict[str, None] = {}

    def keeps(self, row: RawRow) -> bool:
        """Whether the source says so."""
        if not isinstance(row.value, dict):
            return True
        given = row.value.get("source") or ""
        if not isinstance(given, str):
            return True
        if given.casefold().startswith(self._part.casefold()):
            self._found = True
            return True
        if len(self._others) < _LISTED:
            self._others[given[:60]] = None
        return False

    def finish(self) -> None:
        """Complain if there was no such row: nothing is not what anybody asks for."""
        if not self._found:
            named = ", ".join(repr(name) for name in self._others if name)
            raise DataError(
                f"no row is of the part {self._part!r}: no `source` begins with it",
                where=self._where,
                remedy=f"sources here: {named}" if named else "no row has a `source`",
            )
