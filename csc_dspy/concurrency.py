"""Many pieces of work at once, results in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# How far the work may run ahead of the oldest unfinished piece, in multiples of what runs at once: one slow
# piece does not hold up the others, and what waits for its turn stays bounded.
_AHEAD: Final = 8


async def in_order(
    items: Iterable[T], work: Callable[[T], Awaitable[R]], concurrency: int
) -> AsyncGenerator[R, None]:
    """Yield ``work(item)`` for every item, in the order of the items, at most ``concurrency`` at a time.

    Items are taken as they are needed. The first error ends everything: what is running is cancelled.
    """
    running = asyncio.Semaphore(concurrency)
    waiting: deque[asyncio.Task[R]] = deque()

    async def one(item: T) -> R:
        async with running:
            return await work(item)

    try:
        for item in items:
            waiting.append(asyncio.create_task(one(item)))
            while waiting and (waiting[0].done() or len(waiting) >= concurrency * _AHEAD):
                yield await waiting.popleft()
            # Reading items never waits by itself, so the tasks begun get their chance here.
            await asyncio.sleep(0)
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
