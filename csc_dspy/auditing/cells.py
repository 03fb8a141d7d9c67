"""CSV that spreadsheet programs open as it is meant: UTF-8 is told, and no cell is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from csc_dspy.exceptions import DataError

_BOM: Final = "\ufeff"
_MARK: Final = "'"
# An apostrophe is among them so that taking the mark away again gives the text back, whatever it was.
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "\uff20", "|", "%", "\t", "\r", "\n", _MARK)
_DELIMITERS: Final = ",;\t"


def neutral(text: str) -> str:
    """A cell that shows ``text`` and is never calculated."""
    bare = text.lstrip(" \u3000\ufeff\u200b")
    return f"{_MARK}{text}" if text.startswith(_FORMULA) or bare.startswith(_FORMULA) else text


def plain(cell: str) -> str:
    """The text that `neutral` was given."""
    return cell.removeprefix(_MARK)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV. Numbers stay numbers, None is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(neutral(each) if isinstance(each, str) else each for each in row)
    # Half of a surrogate pair cannot be written in UTF-8.
    return _BOM + stream.getvalue().encode("utf-8", "replace").decode()


def read_csv(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a table by column, each with the line it begins in; DataError if it is no such file.

    What a spreadsheet program makes of the file in other countries, semicolons or tabs between the cells, is
    understood.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise DataError(
            "is not UTF-8 text", where=str(path), remedy="save it as CSV UTF-8 in the spreadsheet program"
        ) from error
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        columns = [each.strip() for each in next(reader, [])]
        line = reader.line_num + 1
        for cells in reader:
            if any(each.strip() for each in cells):
                yield line, dict(zip(columns, map(plain, cells), strict=False))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"is not CSV: {error}", where=f"{path}:{line}") from error
