"""Writing files and folders so that a crash, a full disk or a kill leaves the old or the new, never half."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
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


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """A new folder beside ``path`` that takes its place, with all that is in it, when the block ends well.

    What stood there before goes only when the new folder has the name. If the block fails the new folder goes
    and ``path`` is untouched; an OSError becomes an `OutputError`. Missing folders are made.
    """
    target = Path(path).resolve()
    mark = f".{target.name[:80]}.{secrets.token_hex(6)}"
    temporary, old = target.with_name(f"{mark}.partial"), target.with_name(f"{mark}.old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        for file in temporary.rglob("*"):
            _to_disk(file)
        if target.exists():
            target.rename(old)
        temporary.rename(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot be written: {reason}", where=str(path), remedy=_remedy(error)) from error
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        for each in (temporary, old):
            with suppress(OSError):
                shutil.rmtree(each)


def require_replaceable(folder: Path, is_ours: Callable[[Path], bool], what: str) -> None:
    """Refuse a place where something is that may not be replaced; OutputError.

    An empty folder may, and one that ``is_ours``; ``what`` names that in words.
    """
    if not folder.exists() or (folder.is_dir() and (not any(folder.iterdir()) or is_ours(folder))):
        return
    if not folder.is_dir():
        raise OutputError("is a file", where=str(folder), remedy=f"name a folder for {what}")
    raise OutputError(
        f"holds something else than {what}, and is not replaced",
        where=str(folder),
        remedy="name another folder",
    )


def _to_disk(file: Path) -> None:
    if file.is_file():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def _remedy(error: OSError) -> str:
    remedies = {
        errno.ENOSPC: "free some space or write elsewhere; nothing was changed",
        errno.EACCES: "write to a folder you own",
        errno.EROFS: "write to a folder you own",
    }
    return remedies.get(error.errno or 0, "nothing was changed")
