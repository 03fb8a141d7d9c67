"""diskcache, held to what a store needs of it: bytes in the database, and nothing that a file says believed.

diskcache unpickles values and keys that are marked as pickles (CVE-2025-69872), reads and deletes files that
rows name, and makes attributes and pragmas of the table of settings. Whoever can write to such a file could
run code, so none of this happens here: what is not of the kind that is stored here is not there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

import diskcache
from diskcache.core import DEFAULT_SETTINGS, ENOVAL, METADATA, MODE_RAW, UNKNOWN

_LARGEST_LOG: Final = 16 * 2**20
_SETTINGS: Final = {
    **DEFAULT_SETTINGS,
    "eviction_policy": "least-recently-stored",
    # Room is made once a transaction instead of after every value.
    "cull_limit": 0,
    # Free pages are used again, and `volume` does not count them.
    "sqlite_auto_vacuum": 0,
    "sqlite_journal_size_limit": _LARGEST_LOG,
    # Of a file that somebody cuts off, mapped memory is a signal that kills, and reading an error.
    "sqlite_mmap_size": 0,
    # Views and triggers that somebody planted call no functions with effects.
    "sqlite_trusted_schema": 0,
}


class _Bytes(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Keys and values are bytes in the database; whatever else stands there is absent."""

    def __init__(self, directory: str, /, **_settings: object) -> None:
        # Settings that somebody planted would be arguments, too.
        super().__init__(directory)

    def put(self, key: object) -> tuple[object, bool]:
        if not isinstance(key, bytes):
            raise TypeError(f"keys are bytes, not {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: object) -> NoReturn:  # noqa: ARG002 - diskcache's signature
        raise TypeError("keys are looked up and never listed")

    def store(self, value: object, read: object, key: object = UNKNOWN) -> tuple[int, int, None, bytes]:  # noqa: ARG002 - diskcache's signature
        if not isinstance(value, bytes):
            raise TypeError(f"values are bytes, not {type(value).__name__}")
        return 0, MODE_RAW, None, value

    def fetch(self, mode: object, filename: object, value: object, read: object) -> bytes:  # noqa: ARG002 - diskcache's signature
        if mode != MODE_RAW or not isinstance(value, bytes):
            # diskcache's word for a value that is gone.
            raise OSError("not of the kind that is stored here")
        return value

    def remove(self, file_path: object) -> None:
        """No row has a file; what one names is not ours to delete."""


class Database(diskcache.Cache):  # type: ignore[misc]  # diskcache has no types
    """The database at ``path`` by one connection, for one thread at a time.

    Raises `sqlite3.Error` and OSError. diskcache would open a connection for every thread, which nobody
    closes when the thread ends; who shares this one puts a lock around it.
    """

    def __init__(self, path: Path, *, size_limit: int, timeout: float) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._given = {**_SETTINGS, "size_limit": size_limit}
        try:
            super().__init__(str(path.parent), timeout, _Bytes, **self._given)
        except (TypeError, ValueError) as error:
            self.close()
            raise sqlite3.DatabaseError("its settings are not those of diskcache") from error
        except BaseException:
            self.close()
            raise

    def find(self, key: bytes) -> bytes | None:
        """The value under ``key``."""
        found: bytes | None = self.get(key)
        return found

    def write(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Store values, all or none; the oldest make room when the file is full."""
        try:
            with self.transact():
                for key, value in rows:
                    self.set(key, value)
                self.cull()
        except diskcache.Timeout as timeout:
            # This is what it makes of everything that keeps a transaction from beginning.
            raise timeout.__context__ or sqlite3.OperationalError("busy") from None
        finally:
            self._abandon()

    def volume(self) -> int:
        """How many bytes are in use."""
        pages, free, size = (
            self._sql(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def reset(self, key: str, value: Any = ENOVAL, update: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002 - diskcache's signature
        """Make a setting what was given for it, whatever the file says; those that nobody gave are none."""
        if key in self._given:
            value = self._given[key]
        elif key not in METADATA:
            return value
        return super().reset(key, value, update)

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @property
    def _con(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(
                self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False
            )
            for key in self._given:
                if key.startswith("sqlite_"):
                    self.reset(key, update=False)
        return self._connection

    def _abandon(self) -> None:
        """End a transaction that could neither be finished nor taken back, as when the disk is full."""
        if self._con.in_transaction:
            with suppress(sqlite3.Error):
                self._con.rollback()
