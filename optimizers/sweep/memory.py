"""What has been answered and compiled already, on disk: no trial pays for it again, in no worker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Final

from csc_dspy.stores import JSONStore

FOLDER: Final = "memory"
_GIGABYTES: Final = 8 * 2**30
_MOST_WAITING: Final = 16
"""Entries that a kill may lose."""


class Memory:
    """Plain data by keys, in the folder of a sweep. Safe under threads and processes.

    What is put comes to the disk a few entries at a time, and with `flush`.
    """

    def __init__(self, folder: Path) -> None:
        self._store = JSONStore(folder / FOLDER, size_limit=_GIGABYTES)
        self._waiting: dict[str, object] = {}
        self._lock = Lock()

    def get(self, key: str) -> Any:  # noqa: ANN401  whatever was put
        """What is known under a key; None if nothing is."""
        with self._lock:
            if key in self._waiting:
                return self._waiting[key]
        return self._store.get(key.encode())

    def put(self, found: Mapping[str, object]) -> None:
        """Remember all of it."""
        with self._lock:
            self._waiting.update(found)
            full = len(self._waiting) >= _MOST_WAITING
        if full:
            self.flush()

    def flush(self) -> None:
        """Bring to the disk what is not there yet."""
        with self._lock:
            waiting = dict(self._waiting)
        if waiting:
            self._store.put({key.encode(): value for key, value in waiting.items()})
        with self._lock:
            for key in waiting:
                self._waiting.pop(key, None)

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.flush()
        finally:
            self._store.close()
