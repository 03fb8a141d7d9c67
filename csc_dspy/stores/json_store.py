"""JSON values by keys, in one folder."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.stores._door import Door

if TYPE_CHECKING:
    from csc_dspy.stores._database import Database

FILE: Final = "cache.db"
"""What diskcache calls its database."""

_GIGABYTE: Final = 2**30
_SECONDS_TO_READ: Final = 0.2
_SECONDS_TO_WRITE: Final = 10.0
_OWNER_ALONE: Final = 0o700
_OWNER_ALONE_IN_FILE: Final = 0o600


class StoreError(ConfigError):
    """A store cannot be opened, read or written."""


class JSONStore:
    """Values that are JSON, under keys that are bytes. Safe under threads, processes and forks.

    The folder is closed to other users. A file that is damaged when it is opened is set aside and begun anew;
    all other trouble is a StoreError.
    """

    def __init__(self, folder: Path, *, size_limit: int = _GIGABYTE) -> None:
        self.path = folder.absolute() / FILE
        # Two connections, so that nobody who looks something up waits for somebody's transaction.
        self._reading = Door(self.path, size_limit=size_limit, timeout=_SECONDS_TO_READ)
        self._writing = Door(self.path, size_limit=size_limit, timeout=_SECONDS_TO_WRITE)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def get(self, key: bytes) -> Any:  # noqa: ANN401 - whatever was put
        """The value under ``key``; None if there is none, or one that is no JSON."""
        with self._through(self._reading) as database:
            value = database.find(key)
        if value is None:
            return None
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            from csc_dspy.logs import logger

            logger.warning("{}: the entry {} is no JSON and is not used", self.path, key.hex())
            return None

    def put(self, values: Mapping[bytes, Any]) -> None:
        """Keep values, all or none, in one transaction; the oldest make room when the store is full."""
        rows = [(key, _as_json(value)) for key, value in values.items()]
        with self._through(self._writing) as database:
            database.write(rows)

    def close(self) -> None:
        """Let go of the file; nothing can be read or written any more."""
        self._reading.remove()
        self._writing.remove()

    @contextmanager
    def _through(self, door: Door) -> Iterator[Database]:
        with self._own_errors(), door.passed() as database:
            yield database

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(str(error), where=str(self.path)) from error
        except OSError as error:
            raise StoreError(error.strerror or str(error), where=str(self.path)) from error

    def _begin(self) -> None:
        with self._own_errors():
            _make_private(self.path)
        try:
            self._open()
        except StoreError as error:
            if not _is_damage(error.__cause__):
                raise
            from csc_dspy.logs import logger

            logger.warning("{}: cannot be read, and is begun anew: {}", self.path, error.problem)
            self._set_aside()
            self._open()

    def _open(self) -> None:
        for door in (self._writing, self._reading):
            with self._through(door):
                pass

    def _set_aside(self) -> None:
        self._reading.forget()
        self._writing.forget()
        with self._own_errors():
            self.path.replace(self.path.with_suffix(".damaged"))
            for ending in ("-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            _make_private(self.path)


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _is_damage(error: BaseException | None) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _make_private(path: Path) -> None:
    """Make a file and its folder, or close them to other users; OSError if that cannot be."""
    path.parent.mkdir(mode=_OWNER_ALONE, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        # Only if it is new: closing a file takes all of SQLite's locks on it from the whole process. What
        # SQLite makes, other users could read.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _OWNER_ALONE_IN_FILE))
    for each, mode in ((path.parent, _OWNER_ALONE), (path, _OWNER_ALONE_IN_FILE)):
        if stat.S_IMODE(each.stat().st_mode) != mode:
            each.chmod(mode)
