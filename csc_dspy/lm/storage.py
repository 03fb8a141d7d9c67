"""Keys and values in one SQLite file that processes share.

SQLite's write-ahead log lets everyone read while someone writes, and keeps transactions whole even when the
process is killed in the middle of one. diskcache, which DSPy keeps its cache in, builds on SQLite too, but
unpickles what it finds there and opens a connection for every thread.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

_SECONDS_TO_READ: Final = 0.2
_SECONDS_TO_WRITE: Final = 10.0
_LARGEST_LOG: Final = 16 * 2**20
_PARTS_OF_WHICH_ONE_GOES: Final = 10


class Storage:
    """The file and its two connections, one to read and one to write, each for one thread at a time.

    Raises `sqlite3.Error` and OSError.
    """

    def __init__(self, path: Path, size_limit: int) -> None:
        self.path = path
        self._size_limit = size_limit
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        # What SQLite itself would make, all users of the machine could read.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._writer = self._connect(_SECONDS_TO_WRITE)
        try:
            self._reader = self._prepare()
        except BaseException:
            self._writer.close()
            raise

    def read(self, key: bytes) -> bytes | None:
        """The value under ``key``; None also for what nobody can have put there by `write`."""
        with self._reading:
            row = self._reader.execute("SELECT value FROM answers WHERE key = ?", (key,)).fetchone()
        return row[0] if row and isinstance(row[0], bytes) else None

    def write(self, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Store values, all or none; the oldest make room when the file is full."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                self._writer.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", rows)
                while self._used() > self._size_limit and self._drop_oldest():
                    pass
                self._writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close both connections."""
        with self._reading:
            self._reader.close()
        with self._writing:
            self._writer.close()

    def _connect(self, timeout: float) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=timeout, isolation_level=None, check_same_thread=False)

    def _prepare(self) -> sqlite3.Connection:
        self._writer.execute("PRAGMA journal_mode = WAL")
        # Without waiting for the disk; what a power cut takes are whole transactions, the last ones.
        self._writer.execute("PRAGMA synchronous = NORMAL")
        self._writer.execute(f"PRAGMA journal_size_limit = {_LARGEST_LOG}")
        # Rows are numbered in the order in which they came.
        self._writer.execute(
            "CREATE TABLE IF NOT EXISTS answers (key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)"
        )
        reader = self._connect(_SECONDS_TO_READ)
        reader.execute("PRAGMA query_only = ON")
        return reader

    def _used(self) -> int:
        pages, free, size = (
            self._writer.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _drop_oldest(self) -> int:
        """Make some room; how many rows had to go for it."""
        count = self._writer.execute("SELECT count(*) FROM answers").fetchone()[0]
        return self._writer.execute(
            "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers ORDER BY rowid LIMIT ?)",
            (count // _PARTS_OF_WHICH_ONE_GOES + 1,),
        ).rowcount
