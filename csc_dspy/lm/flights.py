"""Identical calls at the same time are made once, and all who asked get the answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Calls in flight by key, over all threads and event loops.

    Whoever waited for a call that failed or was cancelled makes it alone.
    """

    def __init__(self) -> None:
        self._flights: dict[bytes, Future[T | None]] = {}
        self._lock = threading.Lock()

    def once(self, key: bytes, call: Callable[[], T]) -> tuple[T, bool]:
        """The result of ``call``, and whether it comes from another call with this key."""
        flight, own = self._board(key)
        if not own:
            # In a thread that runs an event loop, waiting could be for a task of that same loop.
            shared = None if _in_event_loop() else flight.result()
            return (call(), False) if shared is None else (shared, True)
        result: T | None = None
        try:
            result = call()
            return result, False
        finally:
            self._land(key, flight, result)

    async def aonce(self, key: bytes, call: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """`once`, asynchronously."""
        flight, own = self._board(key)
        if not own:
            shared = await asyncio.wrap_future(flight)
            return (await call(), False) if shared is None else (shared, True)
        result: T | None = None
        try:
            result = await call()
            return result, False
        finally:
            self._land(key, flight, result)

    def _board(self, key: bytes) -> tuple[Future[T | None], bool]:
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = Future()
            # From here on a waiting task that is cancelled does not cancel the flight.
            flight.set_running_or_notify_cancel()
            return flight, True

    def _land(self, key: bytes, flight: Future[T | None], result: T | None) -> None:
        with self._lock:
            self._flights.pop(key, None)
        flight.set_result(result)


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
