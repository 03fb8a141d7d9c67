"""Forms that are JSON Lines: they differ in what an object holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import orjson

from csc_dspy.exceptions import DataError
from csc_dspy.finetuning._base import Part, Row, Writer
from csc_dspy.finetuning.formats._parts import Parts
from csc_dspy.finetuning.formats._texts import encodable

SUFFIX = ".jsonl"


class JsonLinesFormat(ABC):
    """A form whose rows are objects, one on every line of ``train.jsonl`` and ``validation.jsonl``."""

    name: str
    pairs = True
    suffix: ClassVar[str] = SUFFIX
    weights: ClassVar[bool] = False

    @abstractmethod
    def solved(self, row: Row) -> dict[str, Any]:
        """A question with its answer."""

    @abstractmethod
    def pair(self, row: Row) -> dict[str, Any]:
        """A question with a better and a worse answer."""

    def open(self, folder: Path, *, pairs: bool) -> Writer:
        """A writer of new files in ``folder``; see `Format`."""
        return JsonLines(folder, self.pair if pairs else self.solved)


class JsonLines:
    """Writes rows as JSON Lines."""

    def __init__(self, folder: Path, shape: Callable[[Row], dict[str, Any]]) -> None:
        self._shape = shape
        self.parts: Parts[BinaryIO] = Parts(folder, SUFFIX, lambda path: path.open("wb"))

    def write(self, row: Row, part: Part) -> None:
        """Append a row; DataError if it has a weight, which these forms have no place for."""
        if row.weight != 1.0:
            raise DataError(
                "has a weight, and the format cannot hold it",
                where=f"row {row.id}",
                remedy="take the format parquet or arrow, or balance without weights",
            )
        self.parts[part].write(line(self._shape(row)))

    def close(self) -> None:
        """Finish the files."""
        self.parts.close()


def line(value: dict[str, Any]) -> bytes:
    """An object on a line, every letter as it is."""
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return orjson.dumps(encodable(value), option=orjson.OPT_APPEND_NEWLINE)
