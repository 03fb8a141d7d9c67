"""Parquet, with everything that is known of a row in columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from csc_dspy.finetuning.formats._columns import Batches, ColumnsFormat

if TYPE_CHECKING:
    import pyarrow as pa


class Parquet(ColumnsFormat):
    """A Parquet file for each part."""

    name = "parquet"
    suffix = ".parquet"

    @contextmanager
    def batches(self, path: Path, schema: pa.Schema) -> Iterator[Batches]:
        """What writes a new file."""
        import pyarrow.parquet as pq

        with path.open("wb") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as file:
            collected = Batches(schema, file.write_batch)
            yield collected
            collected.flush()
