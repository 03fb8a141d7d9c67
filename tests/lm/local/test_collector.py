"""Jobs of many threads reach one worker, together where they meet."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from csc_dspy.lm.local.collector import Collector


class EndedError(Exception):
    """The collector is closed."""


def test_jobs_that_meet_are_done_together_and_no_more_than_allowed() -> None:
    batches: list[int] = []
    first, go = threading.Event(), threading.Event()

    def work(jobs: Sequence[int]) -> list[int | Exception]:
        batches.append(len(jobs))
        first.set()
        assert go.wait(10)
        return [job * job if job % 7 else ValueError(job) for job in jobs]

    collector: Collector[int, int] = Collector(work, 4, EndedError)
    futures = [collector.put(0)]
    assert first.wait(10)
    futures += [collector.put(job) for job in range(1, 11)]
    go.set()
    for job, future in enumerate(futures):
        if job % 7:
            assert future.result() == job * job
        else:
            with pytest.raises(ValueError, match=str(job)):
                future.result()
    assert batches == [1, 4, 4, 2]
    collector.close()


def test_a_worker_that_fails_fails_all_who_wait_and_goes_on() -> None:
    def work(jobs: Sequence[str]) -> list[str | Exception]:
        if "bad" in jobs:
            raise ZeroDivisionError("no")
        return list(jobs)

    collector: Collector[str, str] = Collector(work, 4, EndedError)
    with pytest.raises(ZeroDivisionError):
        collector.put("bad").result()
    assert collector.put("good").result() == "good"
    collector.close()


def test_closing_fails_what_waits_and_what_comes() -> None:
    begun, go = threading.Event(), threading.Event()

    def work(jobs: Sequence[str]) -> list[str | Exception]:
        begun.set()
        assert go.wait(10)
        return list(jobs)

    collector: Collector[str, str] = Collector(work, 1, EndedError)
    under_way = collector.put("first")
    assert begun.wait(10)
    waiting = collector.put("second")
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(collector.close)
        while not collector.is_closed():
            begun.wait()
        go.set()
        closing.result()
    assert under_way.result() == "first"
    with pytest.raises(EndedError):
        waiting.result()
    with pytest.raises(EndedError):
        collector.put("third")
