"""Reading data files of every form: what they are is told from their content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from csc_dspy.data.readers._base import ROW_LIMIT, RawRow, Reader
from csc_dspy.data.readers.content import Content, opened, stream_chunks
from csc_dspy.data.readers.detection import detect
from csc_dspy.data.readers.folder import data_files, stem
from csc_dspy.data.readers.hub import name_in_repository, repository_files, repository_rows
from csc_dspy.data.readers.json_lines import JsonLines
from csc_dspy.data.readers.json_stream import JsonList, JsonObjects
from csc_dspy.data.readers.parquet import Parquet
from csc_dspy.data.readers.positions import line_of_turn
from csc_dspy.exceptions import DataError

__all__ = [
    "FORMS",
    "ROW_LIMIT",
    "RawRow",
    "Reader",
    "data_files",
    "file_rows",
    "form_of",
    "line_of_turn",
    "name_in_repository",
    "repository_files",
    "repository_rows",
    "stem",
    "stream_rows",
]

FORMS: Final = (JsonLines.form, JsonList.form, JsonObjects.form, Parquet.form)


def file_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a file; see `Reader`. DataError if it has none."""
    with opened(path) as content:
        yield from _rows(content)


def stream_rows(name: str, stream: BinaryIO) -> Iterator[RawRow]:
    """The rows of what comes in on a stream, which messages call ``name``."""
    yield from _rows(Content(name, stream_chunks(name, stream)))


def form_of(path: Path) -> str:
    """What the form of a file is called."""
    with opened(path) as content:
        form = detect(content).form
        return f"{form}, gzip" if content.packed else form


def _rows(content: Content) -> Iterator[RawRow]:
    row = None
    for row in detect(content).rows(content):
        yield row
    if row is None:
        raise DataError("holds no conversations", where=content.file)
