"""Forms with columns: rows are collected into batches, so that memory does not grow with the export."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from csc_dspy.finetuning._base import Part, Row, Writer
from csc_dspy.finetuning.formats._parts import Parts
from csc_dspy.finetuning.formats._texts import encodable, rejected

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS: Final = 1000
_BATCH_CHARACTERS: Final = 4 * 2**20
_ROW_FIELDS: Final = ("id", "dialogue", "task", "language", "strategy")


class Batches:
    """Collects rows and hands them on as Arrow batches."""

    def __init__(self, schema: pa.Schema, write_batch: Callable[[pa.RecordBatch], None]) -> None:
        self._schema = schema
        self._write_batch = write_batch
        self._rows: list[dict[str, Any]] = []
        self._characters = 0

    def add(self, row: Row, columns: dict[str, Any]) -> None:
        """Add the columns of a row."""
        self._rows.append(columns)
        self._characters += sum(len(message["content"]) for message in row.messages)
        self._characters += len(row.answer) + len(row.rejected or "")
        if len(self._rows) == _BATCH_ROWS or self._characters >= _BATCH_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Hand on what was collected."""
        rows, self._rows, self._characters = self._rows, [], 0
        if rows:
            self._write_batch(_batch(rows, self._schema))


class ColumnsFormat(ABC):
    """A form with the columns of `schema`."""

    name: str
    pairs = True
    suffix: ClassVar[str]
    weights: ClassVar[bool] = True

    @abstractmethod
    def batches(self, path: Path, schema: pa.Schema) -> AbstractContextManager[Batches]:
        """What writes a new file; it is whole when the block ends well."""

    def open(self, folder: Path, *, pairs: bool) -> Writer:
        """A writer of new files in ``folder``; see `Format`."""
        columns = schema(pairs=pairs)
        return _Writer(Parts(folder, self.suffix, lambda path: self.batches(path, columns)), pairs=pairs)


class _Writer:
    def __init__(self, parts: Parts[Batches], *, pairs: bool) -> None:
        self._parts = parts
        self._pairs = pairs

    def write(self, row: Row, part: Part) -> None:
        """Append a row."""
        worse = {"rejected": rejected(row)} if self._pairs else {}
        columns = {
            **{name: getattr(row, name) for name in _ROW_FIELDS},
            "messages": row.messages,
            "answer": row.answer,
            **worse,
            "weight": row.weight,
        }
        self._parts[part].add(row, columns)

    def close(self) -> None:
        """Finish the files."""
        self._parts.close()


def schema(*, pairs: bool) -> pa.Schema:
    """The columns, with ``rejected`` where rows are pairs."""
    import pyarrow as pa

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    answers = ("answer", "rejected") if pairs else ("answer",)
    return pa.schema(
        [
            *((name, pa.string()) for name in _ROW_FIELDS),
            ("messages", pa.list_(message)),
            *((name, pa.string()) for name in answers),
            ("weight", pa.float64()),
        ]
    )


def _batch(rows: Sequence[dict[str, Any]], columns: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    try:
        return pa.RecordBatch.from_pylist(rows, schema=columns)
    except UnicodeEncodeError:
        return pa.RecordBatch.from_pylist(encodable(rows), schema=columns)
