"""An event loop in a thread of its own, for calls from threads that have none."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from .errors import ClosedError

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for other threads. It starts with the first one and ends with `stop`, for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event
        self._stopped = False

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, which the calling thread waits for."""
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._running_loop())
        except (RuntimeError, ClosedError):
            coroutine.close()
            if self._stopped:
                raise ClosedError from None
            raise
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise ClosedError from None
        finally:
            # Of no effect, unless the wait itself was interrupted.
            future.cancel()

    def stop(self) -> None:
        """Cancel what still runs, and wait for the end of the thread."""
        with self._lock:
            self._stopped = True
            thread, loop = self._thread, self._loop
        if thread is None or loop is None or loop.is_closed():
            return
        with contextlib.suppress(RuntimeError):
            # Raised where the loop has ended in this moment.
            loop.call_soon_threadsafe(self._ending.set)
        if thread is not threading.current_thread():
            thread.join()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._stopped:
                raise ClosedError
            if self._loop is None:
                started = threading.Event()
                self._thread = threading.Thread(
                    target=self._main, args=(started,), name="csc-dspy-hosted", daemon=True
                )
                self._thread.start()
                started.wait()
            assert self._loop is not None
            return self._loop

    def _main(self, started: threading.Event) -> None:
        async def until_ending() -> None:
            self._ending = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            started.set()
            await self._ending.wait()

        asyncio.run(until_ending())
