"""How many calls may be at the server at once: fewer when that is too much for it, more as it recovers."""

from __future__ import annotations

import asyncio
import heapq
import threading
import time


class _Waiter:
    """A call that waits for its turn, in whatever event loop."""

    __slots__ = ("abandoned", "future", "granted", "loop")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self.loop.create_future()
        self.granted = False
        self.abandoned = False

    def wake(self) -> bool:
        """Tell the call that it is its turn; False if its event loop is gone."""
        try:
            self.loop.call_soon_threadsafe(self._finish)
        except RuntimeError:
            return False
        return True

    def _finish(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


class AdaptiveLimiter:
    """Additive increase, multiplicative decrease, over all threads and event loops.

    The limit is halved when the server throttles a call, at most once for all calls that were on their way
    under the same limit, and grows by about one for each limit's worth of answers. The oldest call always
    comes first, so a call that is tried again does not queue up behind younger ones.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._period = 0
        self._in_flight = 0
        self._resume_at = 0.0
        self._queue: list[tuple[int, _Waiter]] = []
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """How many calls may be in flight now."""
        return int(self._limit)

    @property
    def in_flight(self) -> int:
        """How many calls are."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._queue)

    async def acquire(self, order: int) -> int:
        """Wait for a turn; to be followed by `release`. ``order`` is the call's age, unique among calls.

        Returns the period between two halvings in which the turn begins, which is for `throttled`.
        """
        waiter = self._enter(order)
        if waiter is not None:
            await self._turn_of(waiter)
        try:
            # Asked again after each sleep: the pause may have been prolonged meanwhile.
            while (pause := self._resume_at - time.monotonic()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(pause)
        except BaseException:
            self.release()
            raise
        return self._period

    def release(self) -> None:
        """Give the turn back."""
        with self._lock:
            self._in_flight -= 1
            self._admit()

    def succeeded(self) -> None:
        """A call was answered."""
        if self._limit < self._most:
            with self._lock:
                self._limit = min(self._limit + 1 / self._limit, self._most)
                self._admit()

    def throttled(self, period: int) -> None:
        """A call whose turn began in ``period`` was answered that it is too much."""
        with self._lock:
            if period == self._period:
                self._period += 1
                self._limit = max(self._limit / 2, 1.0)

    def pause(self, seconds: float) -> None:
        """Let no call begin for so long: the server said when to come back."""
        with self._lock:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def _enter(self, order: int) -> _Waiter | None:
        with self._lock:
            if self._in_flight < self.limit and not self._queue:
                self._in_flight += 1
                return None
            waiter = _Waiter()
            heapq.heappush(self._queue, (order, waiter))
            return waiter

    async def _turn_of(self, waiter: _Waiter) -> None:
        try:
            await waiter.future
        except BaseException:
            # Cancelled, or thrown away with its event loop.
            with self._lock:
                waiter.abandoned = True
                if waiter.granted:
                    self._in_flight -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        """Let in whoever may come in, and forget who no longer waits. The lock is held."""
        while self._queue and (self._queue[0][1].abandoned or self._in_flight < self.limit):
            _, waiter = heapq.heappop(self._queue)
            if not waiter.abandoned and waiter.wake():
                waiter.granted = True
                self._in_flight += 1
