"""Transcripts in tables: CSV with commas, semicolons, tabs or bars between the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from csc_dspy.data.problems import Flaw
from csc_dspy.exceptions import DataError
from csc_dspy.rewriting._base import Transcript
from csc_dspy.rewriting.reading._base import NO_TEXT, Reading
from csc_dspy.rewriting.reading.columns import Columns
from csc_dspy.rewriting.reading.grouping import Grouping, Spoken

_BETWEEN: Final = ",;\t|"
_LONGEST_FIELD: Final = 2**24
_TOO_MANY: Final[Flaw] = ("has more fields than the head has columns", "put texts with commas into quotes")


def table_transcripts(
    lines: Iterable[tuple[int, str | None]], file: str, reading: Reading, columns: Columns
) -> Iterator[Transcript]:
    """The transcripts of a table whose first line names the columns."""
    csv.field_size_limit(_LONGEST_FIELD)
    source = _Lines(lines, file, reading)
    head = source.head()
    between = max(_BETWEEN, key=head.count)
    rows = csv.reader(source, delimiter=between)
    try:
        names = [name.strip() for name in next(rows)]
        found = columns.among(names, f"{file}:1")
        grouping = Grouping(file, reading, whole=found.speaker is None)
        line = rows.line_num + 1
        for fields in rows:
            if row := _row(names, fields, line, file, reading, between):
                yield from grouping.take(_spoken(row, found, line, between.join(fields)))
            line = rows.line_num + 1
        yield from grouping.end()
    except csv.Error as error:
        raise DataError(f"is no table: {error}", where=f"{file}:{source.number}") from error


class _Lines:
    """The lines as `csv` takes them; one that is no text is set aside, and an empty one stands for it."""

    def __init__(self, lines: Iterable[tuple[int, str | None]], file: str, reading: Reading) -> None:
        self.number = 0
        self._lines = iter(lines)
        self._file = file
        self._reading = reading
        self._first: str | None = None

    def head(self) -> str:
        """The first line, which is still to come."""
        self._first = next(self, "")
        return self._first

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        self.number, text = next(self._lines)
        if text is None:
            self._reading.put_aside(self._file, self.number, None, NO_TEXT)
            return "\n"
        return f"{text}\n".replace("\0", "")


def _row(
    names: list[str], fields: list[str], line: int, file: str, reading: Reading, between: str
) -> Mapping[str, str] | None:
    if not any(field.strip() for field in fields):
        return None
    if len(fields) > len(names):
        reading.put_aside(file, line, between.join(fields), _TOO_MANY)
        return None
    return dict(zip(names, fields, strict=False))


def _spoken(row: Mapping[str, str], columns: Columns, line: int, raw: str) -> Spoken:
    def value(column: str | None) -> str | None:
        return (row.get(column) or "").strip() or None if column else None

    return Spoken(
        line=line,
        text=value(columns.text) or "",
        speaker=value(columns.speaker),
        dialogue=value(columns.dialogue),
        time=value(columns.time),
        topic=value(columns.topic),
        raw=raw,
    )
