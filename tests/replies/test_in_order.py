"""Many pieces of work at once: results in order, no more at a time than allowed, and a clean end."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
from collections.abc import Iterator
from contextlib import closing
from contextvars import ContextVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.concurrency import in_order

PATIENCE = 20.0


class TroubleError(Exception):
    """What goes wrong in these tests."""


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


@given(st.integers(0, 60), st.integers(1, 9), st.randoms(use_true_random=False))
def test_results_come_in_the_order_of_the_items(count: int, concurrency: int, rng: random.Random) -> None:
    waits = [rng.choice((0, 0, 0.0005, 0.002)) for _ in range(count)]
    running = most = 0

    async def work(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(waits[number])
        running -= 1
        return -number

    assert list(in_order(range(count), work, concurrency)) == [-number for number in range(count)]
    assert most <= concurrency


def test_as_many_run_at_once_as_allowed() -> None:
    arrived: list[int] = []
    together = asyncio.Event()

    async def meet(number: int) -> int:
        arrived.append(number)
        if len(arrived) == 8:
            together.set()
        await asyncio.wait_for(together.wait(), PATIENCE)
        return number

    assert list(in_order(range(16), meet, 8)) == list(range(16))


def test_items_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100_000):
            taken.append(number)
            yield number

    with closing(in_order(items(), double, 2)) as results:
        for _ in range(50):
            next(results)
    assert len(taken) < 50 + 3 * 16


def test_one_slow_piece_does_not_hold_up_the_next_ones() -> None:
    done = threading.Semaphore(0)

    async def work(number: int) -> int:
        if number == 0:
            for _ in range(5):
                assert await asyncio.to_thread(done.acquire, timeout=PATIENCE)
        else:
            done.release()
        return number

    assert list(in_order(range(6), work, 2)) == list(range(6))


def test_the_work_goes_on_while_the_next_item_is_waited_for() -> None:
    begun = threading.Event()

    def items() -> Iterator[int]:
        yield 0
        # A pipe that gives nothing more until the first piece is done.
        assert begun.wait(PATIENCE)
        yield 1

    async def work(number: int) -> int:
        await asyncio.sleep(0.01)
        begun.set()
        return number

    assert list(in_order(items(), work, 4)) == [0, 1]


@pytest.mark.parametrize("bad", [0, 3, 19])
def test_an_error_is_raised_in_its_place_and_nothing_new_is_begun(bad: int) -> None:
    begun: list[int] = []

    async def work(number: int) -> int:
        begun.append(number)
        await asyncio.sleep(0.001)
        if number == bad:
            raise TroubleError(number)
        return number

    results = in_order(range(20), work, 4)
    good = [next(results) for _ in range(bad)]
    assert good == list(range(bad))
    with pytest.raises(TroubleError, match=str(bad)):
        next(results)
    assert max(begun) <= bad + 4
    assert list(results) == []


def test_what_is_running_finishes_before_an_error_is_raised() -> None:
    finished: list[int] = []

    async def work(number: int) -> int:
        if number == 0:
            await asyncio.sleep(0.01)
            raise TroubleError
        await asyncio.sleep(0.05)
        finished.append(number)
        return number

    with pytest.raises(TroubleError):
        list(in_order(range(100), work, 4))
    assert finished == [1, 2, 3]


def test_a_later_error_does_not_take_the_place_of_earlier_results() -> None:
    async def work(number: int) -> int:
        if number == 2:
            raise TroubleError
        await asyncio.sleep(0.02)
        return number

    results = in_order(range(3), work, 8)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(TroubleError):
        next(results)


def test_closing_cancels_what_is_running() -> None:
    begun: list[int] = []
    cancelled: list[int] = []
    all_there = asyncio.Event()

    async def work(number: int) -> int:
        begun.append(number)
        if len(begun) == 3:
            all_there.set()
        await all_there.wait()
        if number == 0:
            return 0
        try:
            await asyncio.sleep(PATIENCE)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise
        return number

    with closing(in_order(range(3), work, 3)) as results:
        assert next(results) == 0
    assert sorted(cancelled) == [1, 2]
    assert not any(thread.name == "csc-dspy-work" for thread in threading.enumerate())


@pytest.mark.parametrize("error", [TroubleError, KeyboardInterrupt])
def test_an_error_of_the_items_ends_everything(error: type[BaseException]) -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise error

    async def work(_: int) -> int:
        await asyncio.sleep(PATIENCE)
        return 0

    with pytest.raises(error):
        list(in_order(items(), work, 2))
    assert not any(thread.name == "csc-dspy-work" for thread in threading.enumerate())


def test_the_work_sees_the_context_of_who_asked() -> None:
    mood = ContextVar("mood", default="none")
    mood.set("calm")

    async def work(_: int) -> str:
        return mood.get()

    assert list(in_order(range(2), work, 2)) == ["calm", "calm"]


def test_nothing_to_do() -> None:
    assert list(in_order([], double, 3)) == []


def test_the_garbage_collector_is_left_as_it_was() -> None:
    async def same(number: int) -> int:
        return number

    before = gc.get_threshold()
    outer = in_order(range(3), same, 2)
    assert next(outer) == 0
    assert gc.get_threshold()[0] > before[0]
    assert list(in_order(range(3), same, 2)) == [0, 1, 2]
    assert gc.get_threshold()[0] > before[0]
    assert list(outer) == [1, 2]
    assert gc.get_threshold() == before
