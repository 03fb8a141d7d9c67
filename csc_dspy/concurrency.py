"""Many pieces of work at once, results in order."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# How far the work may run ahead of the oldest unfinished piece, in multiples of what runs at once: one slow
# piece does not hold up the others, and what waits for its turn stays bounded.
_AHEAD: Final = 8
# With hundreds of calls in flight there are many new objects that live on, and looking through them again and
# again for garbage takes a third of all time.
_BETWEEN_COLLECTIONS: Final = (50_000, 20, 50)


def in_order(
    items: Iterable[T], work: Callable[[T], Awaitable[R]], concurrency: int
) -> Generator[R, None, None]:
    """Yield ``work(item)`` for every item, in the order of the items, at most ``concurrency`` at a time.

    Items are taken as they are needed, in the calling thread, and the work is done in an event loop of its
    own: however long the next item takes to come, the work goes on, and Ctrl-C ends the wait. After an error
    nothing new is begun; what is running finishes, because it may be paid for, before the error is raised.
    Closing the generator cancels what is running.
    """
    crew = _Crew(work, concurrency)
    waiting: deque[Future[R]] = deque()
    with _seldom_collecting, _event_loop() as loop:
        for item in items:
            waiting.append(asyncio.run_coroutine_threadsafe(crew.do(item), loop))
            while waiting and (waiting[0].done() or len(waiting) >= concurrency * _AHEAD):
                yield _first(waiting)
        while waiting:
            yield _first(waiting)


class _SeldomCollecting:
    """Makes the garbage collector look less often while anybody is inside; then it is as it was before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = gc.get_threshold()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._before = gc.get_threshold()
                # Nought means never, which is seldom enough.
                if self._before[0]:
                    gc.set_threshold(*_BETWEEN_COLLECTIONS)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                gc.set_threshold(*self._before)


_seldom_collecting: Final = _SeldomCollecting()


class _Crew(Generic[T, R]):
    """Does pieces of work, a few at a time, until one of them fails."""

    def __init__(self, work: Callable[[T], Awaitable[R]], size: int) -> None:
        self._work = work
        self._places = asyncio.Semaphore(size)
        self._failures: list[BaseException] = []

    async def do(self, item: T) -> R:
        """Do one piece as soon as there is a place; after a failure raise that instead."""
        async with self._places:
            if self._failures:
                raise self._failures[0]
            try:
                return await self._work(item)
            except BaseException as error:
                self._failures.append(error)
                raise


def _first(waiting: deque[Future[R]]) -> R:
    """The result of the first piece, or its error once everything else has come to an end."""
    future = waiting.popleft()
    if future.exception() is not None:
        wait(waiting)
    return future.result()


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread, for the length of the block; what still runs in it then is cancelled."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def until_told() -> None:
        end = asyncio.Event()
        started.set_result((asyncio.get_running_loop(), end))
        await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(until_told()), name="csc-dspy-work")
    thread.start()
    loop, end = started.result()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
