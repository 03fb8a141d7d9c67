"""Arrow's stream form, which ``datasets`` maps into memory without reading it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from csc_dspy.finetuning.formats._columns import Batches, ColumnsFormat

if TYPE_CHECKING:
    import pyarrow as pa


class Arrow(ColumnsFormat):
    """An Arrow file for each part, for ``Dataset.from_file``."""

    name = "arrow"
    suffix = ".arrow"

    @contextmanager
    def batches(self, path: Path, schema: pa.Schema) -> Iterator[Batches]:
        """What writes a new file."""
        import pyarrow as pa

        with path.open("wb") as stream, pa.ipc.new_stream(stream, schema) as file:
            collected = Batches(schema, file.write_batch)
            yield collected
            collected.flush()
