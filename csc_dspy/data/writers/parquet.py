"""Parquet, with columns for what the schema names and JSON text for what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from csc_dspy.data.writers._base import Row, as_json

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_COLUMNS: Final = ("id", "source", "language", "topic", "scenario", "customer_goal", "profile", "taxonomy")
_TURN_COLUMNS: Final = ("speaker", "strategy", "stage", "text")
# Rows are collected in memory until they make a group: so many of them, or so many characters.
_GROUP_ROWS: Final = 1024
_GROUP_SIZE: Final = 16 * 2**20


class Parquet:
    """Writes Parquet."""

    def __init__(self, file: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._file = file
        self._schema = schema
        self._rows: list[dict[str, Any]] = []
        self._size = 0

    def write(self, row: Row) -> None:
        """Add a row."""
        columns = _columns(row)
        self._rows.append(columns)
        self._size += _size(columns)
        if len(self._rows) == _GROUP_ROWS or self._size >= _GROUP_SIZE:
            self.flush()

    def flush(self) -> None:
        """Write the rows collected so far as a group."""
        import pyarrow as pa

        if self._rows:
            self._file.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()
            self._size = 0


@contextmanager
def parquet(stream: BinaryIO) -> Iterator[Parquet]:
    """A writer of Parquet; see `Form`."""
    import pyarrow.parquet as pq

    schema = _schema()
    with pq.ParquetWriter(stream, schema, compression="zstd") as file:
        writer = Parquet(file, schema)
        yield writer
        writer.flush()


def _schema() -> pa.Schema:
    import pyarrow as pa

    turn = pa.struct([(name, pa.string()) for name in (*_TURN_COLUMNS, "extra")])
    texts = [(name, pa.string()) for name in _COLUMNS]
    return pa.schema([*texts, ("dialogue", pa.list_(turn)), ("extra", pa.string())])


def _columns(row: Row) -> dict[str, Any]:
    columns = _split(row, (*_COLUMNS, "dialogue"))
    columns["dialogue"] = [_split(turn, _TURN_COLUMNS) for turn in row["dialogue"]]
    if row.get("profile") is not None:
        columns["profile"] = as_json(row["profile"])
    return columns


def _split(fields: Row, named: tuple[str, ...]) -> dict[str, Any]:
    """The fields that have a column, and the others as JSON in ``extra``."""
    others = {key: value for key, value in fields.items() if key not in named}
    columns = {key: fields[key] for key in named if key in fields}
    return columns | {"extra": as_json(others)} if others else columns


def _size(columns: Row) -> int:
    texts = (value for fields in (columns, *columns["dialogue"]) for value in fields.values())
    return sum(len(text) for text in texts if isinstance(text, str))
