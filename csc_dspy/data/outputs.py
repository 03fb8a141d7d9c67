"""Where results may be written: not over what they are made from."""

from __future__ import annotations

import os
from pathlib import Path

from csc_dspy.data.source import Source
from csc_dspy.exceptions import OutputError


def keep_apart(out: Path, source: Source, other: str | os.PathLike[str] | None = None) -> None:
    """Refuse to write over the source or an ``other`` output, or into a folder that is read; OutputError."""
    target = out.resolve()
    if other is not None and target == Path(other).resolve():
        raise OutputError("is to be written twice, with different content", where=str(out))
    given = source.path
    if given is None:
        return
    read = given.resolve()
    if target == read:
        raise OutputError("is the input itself", where=str(out), remedy="write to another file")
    if read.is_dir() and target.is_relative_to(read):
        raise OutputError(
            f"lies in the folder that is read, {given}",
            where=str(out),
            remedy="write elsewhere, or it would be input itself the next time",
        )
