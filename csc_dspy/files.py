"""Writing files so that a crash, a full disk or a kill leaves the old file or the new one, never a half."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from csc_dspy.exceptions import OutputError


@contextmanager
def atomic_writer(path: str | Path) -> Iterator[BinaryIO]:
    """A binary stream whose bytes become the file ``path`` when the block ends well.

    The bytes go to a temporary file beside it, reach the disk, and take the name at once. If the block fails
    the temporary file goes and ``path`` is untouched; an OSError becomes an `OutputError`. Missing folders
    are made. What is not a regular file (a pipe, ``/dev/stdout``) is written to directly.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            if target.is_dir():
                raise OutputError("is a folder", where=str(path), remedy="give a file name")
            with target.open("wb") as stream:
                yield stream
            return
        target = target.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        with _beside(target) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot be written: {reason}", where=str(path), remedy=_remedy(error)) from error


@contextmanager
def _beside(target: Path) -> Iterator[BinaryIO]:
    temporary = target.with_name(f".{target.name[:80]}.{secrets.token_hex(6)}.partial")
    try:
        with temporary.open("xb") as stream:
            yield stream
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def atomic_write(path: str | Path, content: str | bytes) -> None:
    """Write a whole file at once; see `atomic_writer`."""
    with atomic_writer(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def _remedy(error: OSError) -> str:
    remedies = {
        errno.ENOSPC: "free some space or write elsewhere; nothing was changed",
        errno.EACCES: "write to a folder you own",
        errno.EROFS: "write to a folder you own",
    }
    return remedies.get(error.errno or 0, "nothing was changed")
