"""Bad rows set aside, so that the good ones can go on and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from csc_dspy.data.problems import Problem
from csc_dspy.data.readers import RawRow
from csc_dspy.files import atomic_writer


class Quarantine:
    """Where bad rows go: a line of JSON for each, with its place, its problems and what it holds.

    A row that could be parsed is in ``row``, one that could not as text in ``raw``.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self._stream = stream

    def put(self, row: RawRow, problems: Sequence[Problem]) -> None:
        """Set a row aside."""
        unread = bool(row.problems)
        record = {
            "file": row.file,
            "line": row.line,
            "problems": [
                {"turn": each.turn, "problem": each.problem, "remedy": each.remedy} for each in problems
            ],
            "row": None if unread else row.value,
            "raw": row.text if unread else None,
        }
        # Half a surrogate pair, the one thing that UTF-8 has no bytes for, stays readable as an escape.
        line = json.dumps(record, ensure_ascii=False).encode(errors="backslashreplace")
        self._stream.write(line + b"\n")
        self.count += 1


@contextmanager
def quarantine(path: Path | None) -> Iterator[Quarantine | None]:
    """A quarantine in a new file ``path``, complete when the block ends well; None without a path."""
    if path is None:
        yield None
        return
    with atomic_writer(path) as stream:
        yield Quarantine(stream)
