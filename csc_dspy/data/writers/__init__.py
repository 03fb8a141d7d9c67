"""Writing data files: the form follows from the name, and the same rows give the same bytes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from csc_dspy.data.writers._base import Form, Row, Writer
from csc_dspy.data.writers.json_lines import json_lines
from csc_dspy.data.writers.json_list import json_list
from csc_dspy.data.writers.parquet import parquet
from csc_dspy.exceptions import OutputError
from csc_dspy.files import atomic_writer

__all__ = ["FORMS", "Row", "Writer", "form_for", "opened_writer"]

FORMS: Final[dict[str, Form]] = {".json": json_list, ".jsonl": json_lines, ".parquet": parquet}
_PACKED: Final = ".gz"


@contextmanager
def opened_writer(path: Path) -> Iterator[Writer]:
    """A writer to ``path``, which is replaced at once when the block ends well, and only then."""
    form = form_for(path)
    with atomic_writer(path) as stream, _packed(stream, path) as inner, form(inner) as writer:
        yield writer


def form_for(path: Path) -> Form:
    """The form that a name asks for; OutputError if it asks for none."""
    name = path.name.lower().removesuffix(_PACKED)
    for suffix, form in FORMS.items():
        if name.endswith(suffix):
            return form
    raise OutputError(
        "its name does not tell the form of the file",
        where=str(path),
        remedy=f"let it end in {', '.join(FORMS)}, or one of these and {_PACKED}",
    )


@contextmanager
def _packed(stream: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    if path.suffix.lower() != _PACKED:
        yield stream
        return
    # Without a name and a time in it, so that the same rows give the same bytes.
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed:
        yield cast(BinaryIO, packed)
