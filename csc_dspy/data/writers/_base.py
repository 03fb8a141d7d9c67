"""What every writer takes and does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol, TypeAlias

Row: TypeAlias = Mapping[str, Any]


class Writer(Protocol):
    """Writes rows in one form of file, one after another."""

    def write(self, row: Row) -> None:
        """Add a row, as `Conversation.row` has it."""


class Form(Protocol):
    """One form of file to be written."""

    def __call__(self, stream: BinaryIO) -> AbstractContextManager[Writer]:
        """A writer to ``stream``, which holds a whole file when the block ends well."""


def as_json(value: object) -> str:
    """A value on one line, every letter as it is."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
