"""A database for many threads, and none through a fork.

SQLite keeps count of the locks of its process. A child that inherits connections inherits the count without
the locks, and damages the file even with connections of its own. So all are closed for the moment of a fork.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from csc_dspy.stores._database import Database


class Door:
    """Lets one thread at a time to a database, which is opened when it is needed. Raises what that raises."""

    def __init__(self, path: Path, *, size_limit: int, timeout: float) -> None:
        self._path = path
        self._size_limit = size_limit
        self._timeout = timeout
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._removed = False
        _doors.add(self)

    @contextmanager
    def passed(self) -> Iterator[Database]:
        """The database, for the length of the block."""
        with self._lock:
            if self._removed:
                raise sqlite3.ProgrammingError("it is closed")
            if self._database is None:
                self._database = self._opened()
            yield self._database

    def forget(self) -> None:
        """Close the database; whoever comes next begins with what is at its path then."""
        with self._lock:
            self._close()
            self._database = None

    def remove(self) -> None:
        """Close the database; nobody gets to it any more."""
        with self._lock:
            self._removed = True
            self._close()
        _doors.remove(self)

    def before_fork(self) -> None:
        """Close the connection, and let nobody pass until the fork is done; then diskcache connects again."""
        self._lock.acquire()
        self._close()

    def after_in_parent(self) -> None:
        """Let threads pass again."""
        self._lock.release()

    def after_in_child(self) -> None:
        """Let threads pass; those that wait for the old lock do not exist here."""
        self._lock = threading.Lock()

    def _opened(self) -> Database:
        # diskcache loads whatever it finds to work with, Django for one.
        from csc_dspy.stores._database import Database

        return Database(self._path, size_limit=self._size_limit, timeout=self._timeout)

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()


class _Doors:
    """All doors of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: set[Door] = set()

    def add(self, door: Door) -> None:
        with self._lock:
            self._all.add(door)

    def remove(self, door: Door) -> None:
        with self._lock:
            self._all.discard(door)

    def before_fork(self) -> None:
        self._lock.acquire()
        for door in self._all:
            door.before_fork()

    def after_in_parent(self) -> None:
        for door in self._all:
            door.after_in_parent()
        self._lock.release()

    def after_in_child(self) -> None:
        for door in self._all:
            door.after_in_child()
        self._lock = threading.Lock()


# What is called at a fork cannot be taken back, and so is registered once.
_doors: Final = _Doors()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_doors.before_fork,
        after_in_parent=_doors.after_in_parent,
        after_in_child=_doors.after_in_child,
    )
