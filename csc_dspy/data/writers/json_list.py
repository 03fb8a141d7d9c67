"""A JSON list, as the published data set has it, with one conversation to a line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from csc_dspy.data.writers._base import Row, as_json


class JsonList:
    """Writes a JSON list."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._before = b"[\n"

    def write(self, row: Row) -> None:
        """Add a row."""
        self._stream.write(self._before + as_json(row).encode())
        self._before = b",\n"

    def close(self) -> None:
        """End the list."""
        self._stream.write(b"\n]\n" if self._before == b",\n" else b"[]\n")


@contextmanager
def json_list(stream: BinaryIO) -> Iterator[JsonList]:
    """A writer of a JSON list; see `Form`."""
    writer = JsonList(stream)
    yield writer
    writer.close()
