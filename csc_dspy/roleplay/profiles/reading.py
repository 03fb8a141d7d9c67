"""A user's own profiles, from JSON, JSON Lines or a table."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from csc_dspy.data.outputs import keep_apart
from csc_dspy.data.problems import Flaw, Problem
from csc_dspy.data.quarantine import Quarantine
from csc_dspy.data.quarantine import quarantine as opened_quarantine
from csc_dspy.data.readers import RawRow
from csc_dspy.data.readers.content import opened
from csc_dspy.data.readers.detection import detect
from csc_dspy.data.source import parse_source
from csc_dspy.exceptions import DataError
from csc_dspy.roleplay._base import Profile
from csc_dspy.roleplay.profiles.rows import profile_in
from csc_dspy.taxonomy import Language

_TABLES: Final = {".csv": ",", ".tsv": "\t"}
_NO_OBJECT: Final[Flaw] = ("is no object", "a profile has keys such as age and occupation")
_TOO_MANY: Final[Flaw] = (
    "has more cells than there are columns",
    "put quotation marks around cells with commas",
)


def read_profiles(
    file: str | os.PathLike[str],
    *,
    language: Language | None = None,
    quarantine: str | os.PathLike[str] | None = None,
    set_aside: Callable[[int], None] = lambda _: None,
) -> tuple[Profile, ...]:
    """The profiles of a file.

    Age and occupation are required. What else is missing stays unknown; a description that is missing is made
    from what is known.

    Args:
        file: JSON, JSON Lines or Parquet, or a table whose name ends in ``.csv`` or ``.tsv``.
        language: Of rows that name none; else it is told from their words.
        quarantine: A file for rows that are bad. Without it the first one is an error.
        set_aside: Hears how many rows are there, if there are any.

    Raises:
        DataError: There is no such file, it holds no profiles, or a row is bad.
    """
    path = Path(file)
    aside_path = Path(quarantine) if quarantine else None
    if aside_path is not None and path.exists():
        keep_apart(aside_path, parse_source(path))
    seen: dict[str, int] = {}
    profiles = []
    with opened_quarantine(aside_path) as aside:
        for row in _table_rows(path) if path.suffix.lower() in _TABLES else _json_rows(path):
            checked = _checked(row, language, seen)
            if isinstance(checked, Profile):
                profiles.append(checked)
            else:
                _set_aside(aside, row, checked)
    if aside is not None and aside.count:
        set_aside(aside.count)
    if not profiles:
        raise DataError("holds no profiles", where=str(path))
    return tuple(profiles)


def _checked(row: RawRow, language: Language | None, seen: dict[str, int]) -> Profile | list[Problem]:
    """The profile, or the problems; ``seen`` are the ids so far, with their lines."""
    if row.problems and (row.value is None or isinstance(row.value, dict)):
        return list(row.problems)
    found = profile_in(row.value, language) if isinstance(row.value, dict) else [_NO_OBJECT]
    if isinstance(found, Profile):
        first = seen.setdefault(found.id, row.line)
        if first == row.line:
            return found
        found = [(f"the id {found.id!r} was used before, in line {first}", "give each its own, or none")]
    return [Problem(row.file, row.line, None, *flaw) for flaw in found]


def _set_aside(aside: Quarantine | None, row: RawRow, problems: list[Problem]) -> None:
    if aside is None:
        raise problems[0].as_error("or set bad rows aside in a file of their own")
    aside.put(row, problems)


def _json_rows(path: Path) -> Iterator[RawRow]:
    with opened(path) as content:
        yield from detect(content).rows(content)


def _table_rows(path: Path) -> Iterator[RawRow]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from _rows_of(stream, path)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8", where=str(path), remedy="save it as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"is no table: {error}", where=str(path)) from error


def _rows_of(lines: Iterable[str], path: Path) -> Iterator[RawRow]:
    """The rows below the first, which names the columns; empty ones are skipped."""
    between = _TABLES[path.suffix.lower()]
    rows = csv.reader(lines, delimiter=between, strict=True)
    names = [name.strip() for name in next(rows, [])]
    line = rows.line_num + 1
    for cells in rows:
        if any(cell.strip() for cell in cells):
            yield _row(names, cells, str(path), line, between)
        line = rows.line_num + 1


def _row(names: list[str], cells: list[str], file: str, line: int, between: str) -> RawRow:
    text = between.join(cells)
    if len(cells) > len(names):
        return RawRow(file, line, None, text, (Problem(file, line, None, *_TOO_MANY),))
    return RawRow(file, line, dict(zip(names, cells, strict=False)), text)
