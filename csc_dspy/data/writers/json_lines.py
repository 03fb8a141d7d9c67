"""JSON Lines: an object on every line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from csc_dspy.data.writers._base import Row, as_json


class JsonLines:
    """Writes JSON Lines."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, row: Row) -> None:
        """Add a row."""
        self._stream.write(as_json(row).encode() + b"\n")


@contextmanager
def json_lines(stream: BinaryIO) -> Iterator[JsonLines]:
    """A writer of JSON Lines; see `Form`."""
    yield JsonLines(stream)
