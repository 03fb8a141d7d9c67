"""Answers that were given before, kept on disk as JSON.

Answers are looked up at once and written a little later, many in one transaction, by a thread of the cache's
own: what is lost when the process is killed are the last moments, never the file.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.flights import Flights
from csc_dspy.lm.folders import private_folder
from csc_dspy.stores import JSONStore, StoreError

if TYPE_CHECKING:
    from dspy.lm15 import Request, Response

FORMAT: Final = 2
"""Of keys and answers; each has a folder of its own."""
STORE: Final = f"responses-{FORMAT}"

_GIGABYTE: Final = 2**30
_SECONDS_BETWEEN_WRITES: Final = 0.5
_ROWS_TO_HURRY: Final = 256


def key_of(fingerprint: str, request: Request) -> bytes:
    """What an answer is kept under: everything that it depends on."""
    # Under lm15's public names there is nothing like it.
    from dspy._vendor.lm15.serde import request_to_dict

    content = [FORMAT, fingerprint, request_to_dict(request)]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def without_usage(response: Response) -> Response:
    """An answer as one who did not cause it gets it: it took no tokens."""
    from dspy.lm15 import Usage

    return replace(response, usage=Usage())


class ResponseCache:
    """The answers in one folder. Safe under threads, tasks, processes and forks.

    Raises ConfigError if the folder cannot be used. Later trouble with it is told in the log and never ends a
    run.
    """

    def __init__(self, folder: Path, *, size_limit: int = _GIGABYTE) -> None:
        self.folder = folder
        self._size_limit = size_limit
        private_folder(folder)
        self._store = self._opened()
        self._start()

    def _start(self) -> None:
        self.flights: Flights[Response] = Flights()
        """Identical calls in flight."""
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._waiting: dict[bytes, Response] = {}
        self._being_written: dict[bytes, Response] = {}
        self._thread: threading.Thread | None = None
        self._closed = False
        self._told: set[str] = set()

    def get(self, key: bytes) -> Response | None:
        """The answer kept under ``key``, if there is one."""
        found = self._waiting.get(key) or self._being_written.get(key)
        if found is not None:
            return without_usage(found)
        if self._closed:
            return None
        try:
            value = self._store.get(key)
        except StoreError as error:
            self._tell("looked up", error)
            return None
        return None if value is None else self._loaded(key, value)

    def put(self, key: bytes, response: Response) -> None:
        """Keep an answer; it is on disk within a second."""
        with self._changed:
            self._waiting[key] = response
            count = len(self._waiting)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._keep_writing, name="csc-dspy-cache", daemon=True)
                self._thread.start()
            elif count in {1, _ROWS_TO_HURRY}:
                self._changed.notify()

    def flush(self) -> None:
        """Write what is not on disk yet."""
        with self._writing:
            with self._changed:
                self._being_written, self._waiting = self._waiting, {}
            values = {key: _stored(response) for key, response in self._being_written.items()}
            try:
                if values:
                    self._store.put(values)
            except StoreError as error:
                self._tell("kept", error)
            finally:
                self._being_written = {}

    def close(self) -> None:
        """Write everything and let go of the file."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        self.flush()
        self._store.close()

    def after_fork(self) -> None:
        """Make a child process independent of its parent, who writes what was waiting."""
        self._start()

    def _opened(self) -> JSONStore:
        try:
            return JSONStore(self.folder / STORE, size_limit=self._size_limit)
        except StoreError as error:
            raise ConfigError(
                f"cannot be used: {error.problem}",
                where=error.where,
                remedy="mend it or delete it, or give --no-cache",
            ) from error

    def _keep_writing(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                # A moment for more to come, so that one transaction takes them all.
                self._changed.wait_for(
                    lambda: self._closed or len(self._waiting) >= _ROWS_TO_HURRY,
                    timeout=_SECONDS_BETWEEN_WRITES,
                )
            self.flush()

    def _loaded(self, key: bytes, value: object) -> Response | None:
        from dspy._vendor.lm15.serde import response_from_dict

        try:
            return response_from_dict(value)
        # Whatever is not an answer of ours fails in one of these ways; it is asked for again and replaced.
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            from csc_dspy.logs import logger

            logger.warning("{}: the entry {} is no answer and is not used", self._store.path, key.hex())
            return None

    def _tell(self, what: str, error: StoreError) -> None:
        if what not in self._told:
            from csc_dspy.logs import logger

            self._told.add(what)
            logger.warning("{}: answers cannot be {}: {}", self._store.path, what, error.problem)


def _stored(response: Response) -> object:
    from dspy._vendor.lm15.serde import response_to_dict

    return response_to_dict(without_usage(response))


@dataclass
class _Open:
    cache: ResponseCache
    users: int = 0


_open: dict[Path, _Open] = {}
_open_lock = threading.Lock()


def borrow_cache(folder: Path) -> ResponseCache:
    """The cache in a folder, one for all who use it in this process; to be followed by `return_cache`."""
    with _open_lock:
        entry = _open.get(folder.absolute())
        if entry is None:
            entry = _open[folder.absolute()] = _Open(ResponseCache(folder))
        entry.users += 1
        return entry.cache


def return_cache(cache: ResponseCache) -> None:
    """Write what is not on disk yet; the last who used the cache closes it."""
    with _open_lock:
        entry = _open[cache.folder.absolute()]
        entry.users -= 1
        if entry.users == 0:
            del _open[cache.folder.absolute()]
    if entry.users:
        cache.flush()
    else:
        cache.close()


@atexit.register
def _close_all() -> None:
    for entry in list(_open.values()):
        entry.cache.close()


def _after_fork() -> None:
    global _open_lock  # noqa: PLW0603 - a thread that the child does not have may hold it
    _open_lock = threading.Lock()
    for entry in _open.values():
        entry.cache.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
