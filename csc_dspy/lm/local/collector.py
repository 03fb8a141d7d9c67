"""Work for one thread, from many: as much at a time as is there."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")

_PAUSE: Final = 0.01
"""Seconds without another job after which no more are waited for."""


class Collector(Generic[J, R]):
    """Hands jobs to ``work`` in a thread of its own, at most ``most`` at once, in the order they came.

    ``work`` gives each job's result, or the error that it is to raise.
    """

    def __init__(
        self,
        work: Callable[[Sequence[J]], Sequence[R | Exception]],
        most: int,
        closed: Callable[[], Exception],
    ) -> None:
        self._work = work
        self._most = most
        self._closed_error = closed
        self._jobs: deque[tuple[J, Future[R]]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, job: J) -> Future[R]:
        """The result of a job, some time later."""
        future: Future[R] = Future()
        with self._changed:
            if self._closed:
                raise self._closed_error()
            self._jobs.append((job, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="csc-dspy-model", daemon=True)
                self._thread.start()
            self._changed.notify()
        return future

    def is_closed(self) -> bool:
        """Whether work under way is wanted no more."""
        return self._closed

    def close(self) -> None:
        """End the work; what is not done fails."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        for _, future in self._jobs:
            future.set_exception(self._closed_error())
        self._jobs.clear()

    def _run(self) -> None:
        while taken := self._taken():
            wanted = [(job, future) for job, future in taken if future.set_running_or_notify_cancel()]
            if wanted:
                self._do([job for job, _ in wanted], [future for _, future in wanted])

    def _taken(self) -> list[tuple[J, Future[R]]]:
        """The next jobs; none once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            count = 0
            while count < len(self._jobs) < self._most and not self._closed:
                count = len(self._jobs)
                self._changed.wait(_PAUSE)
            if self._closed:
                return []
            return [self._jobs.popleft() for _ in range(min(self._most, len(self._jobs)))]

    def _do(self, jobs: Sequence[J], futures: Sequence[Future[R]]) -> None:
        try:
            results = self._work(jobs)
        # Whatever it is, those who wait have to hear of it.
        except BaseException as error:  # noqa: BLE001
            results = [error if isinstance(error, Exception) else RuntimeError(repr(error))] * len(jobs)
        for future, result in zip(futures, results, strict=True):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
