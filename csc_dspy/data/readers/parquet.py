"""Parquet: our own files, and those in which others keep dialogues."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, Final

from csc_dspy.data.problems import Flaw
from csc_dspy.data.readers._base import RawRow, raw_row
from csc_dspy.data.readers.columns import column_row
from csc_dspy.data.readers.content import Content
from csc_dspy.exceptions import DataError, OutputError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# Rows in memory at a time; a long dialogue takes some ten kilobytes.
_BATCH: Final = 256
# Without a buffer whole columns of a row group would be loaded.
_BUFFER: Final = 2**20
_NO_VALUE: Final[Flaw] = (
    "has text that is not UTF-8, or a date out of range",
    "mend it in the program that wrote the file",
)


class Parquet:
    """Reads Parquet; what stands for the line is the number of the row."""

    MAGIC: Final = b"PAR1"
    form = "Parquet"

    def rows(self, content: Content) -> Iterator[RawRow]:
        """The rows in order; see `Reader`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        number = 0
        try:
            with ExitStack() as stack:
                source = _seekable(content, stack)
                file = stack.enter_context(pq.ParquetFile(source, buffer_size=_BUFFER))
                _expect_dialogues(file, content.file)
                for batch in file.iter_batches(batch_size=_BATCH):
                    for columns in _columns(batch):
                        number += 1
                        yield _row(content.file, number, columns)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            where = f"{content.file}:{number + 1}" if number else content.file
            raise DataError("the Parquet data is damaged", where=where, remedy="get the file anew") from error


def _seekable(content: Content, stack: ExitStack) -> IO[bytes]:
    """The content to be read from its end, as Parquet is; a temporary file where there is no other."""
    if content.path is not None:
        return stack.enter_context(content.path.open("rb"))
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is one
    try:
        for chunk in content:
            file.write(chunk)
        file.seek(0)
    except OSError as error:
        raise OutputError(
            f"a temporary file cannot be written: {error.strerror}",
            where=tempfile.gettempdir(),
            remedy="free some space there, or name another folder in TMPDIR",
        ) from error
    return file


def _expect_dialogues(file: pq.ParquetFile, name: str) -> None:
    columns = file.schema_arrow.names
    if "dialogue" not in columns:
        raise DataError(
            "has no column `dialogue`",
            where=name,
            remedy=f"its columns are {', '.join(columns)[:200] or 'none'}; docs/data.md shows the schema",
        )


def _columns(batch: pa.RecordBatch) -> list[dict[str, Any] | None]:
    """The rows of a batch; None in place of one with a value that Python cannot have, as a date in 12345."""
    try:
        return [*batch.to_pylist()]
    except (ValueError, OverflowError):
        if len(batch) == 1:
            return [None]
    return [row for number in range(len(batch)) for row in _columns(batch.slice(number, 1))]


def _row(file: str, number: int, columns: dict[str, Any] | None) -> RawRow:
    if columns is None:
        return raw_row(file, number, None, None, [_NO_VALUE])
    return column_row(file, number, columns)
