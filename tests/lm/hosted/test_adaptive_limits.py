"""How many calls may be in flight: fewer when it is too much, more as it gets better, the oldest first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.lm.hosted.limiter import AdaptiveLimiter
from tests.support.behaviours import Behaviour, throttles
from tests.support.engines import MakeEngine, new_request
from tests.support.openai_server import LLMServer


async def settled() -> None:
    """Let everything happen that can happen now."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_all_calls_under_one_limit_halve_it_once() -> None:
    async def run() -> list[int]:
        limiter = AdaptiveLimiter(64)
        periods = [await limiter.acquire(order) for order in range(64)]
        limits = []
        for period in periods:
            limiter.throttled(period)
            limits.append(limiter.limit)
            limiter.release()
        limiter.throttled(await limiter.acquire(64))
        return [*limits, limiter.limit]

    assert asyncio.run(run()) == [32] * 64 + [16]


def test_it_never_falls_below_one_and_recovers_to_the_top() -> None:
    async def run() -> tuple[int, list[int]]:
        limiter = AdaptiveLimiter(8)
        for order in range(10):
            limiter.throttled(await limiter.acquire(order))
            limiter.release()
        lowest = limiter.limit
        limits = []
        for _ in range(100):
            limiter.succeeded()
            limits.append(limiter.limit)
        return lowest, limits

    lowest, limits = asyncio.run(run())
    assert lowest == 1
    assert limits == sorted(limits)
    assert limits[-1] == 8
    # Growth by one takes about as many answers as the limit itself.
    assert 1 + 2 + 3 + 4 + 5 + 6 + 7 <= limits.index(8) + 1 <= 2 + 3 + 4 + 5 + 6 + 7 + 8


def test_the_oldest_call_comes_first() -> None:
    async def run() -> list[int]:
        limiter = AdaptiveLimiter(1)
        await limiter.acquire(0)
        came: list[int] = []

        async def call(order: int) -> None:
            await limiter.acquire(order)
            came.append(order)
            limiter.release()

        calls = [asyncio.ensure_future(call(order)) for order in (5, 3, 9, 1)]
        await settled()
        assert limiter.waiting == 4
        limiter.release()
        await asyncio.gather(*calls)
        return came

    assert asyncio.run(run()) == [1, 3, 5, 9]


def test_who_gives_up_waiting_does_not_keep_a_turn() -> None:
    async def run() -> tuple[int, int]:
        limiter = AdaptiveLimiter(1)
        await limiter.acquire(0)
        waiting = [asyncio.ensure_future(limiter.acquire(order)) for order in (1, 2, 3)]
        await settled()
        waiting[0].cancel()
        await settled()
        # The next one is cancelled in the very moment in which it gets its turn.
        limiter.release()
        waiting[1].cancel()
        await settled()
        assert waiting[2].done()
        limiter.release()
        return limiter.in_flight, limiter.waiting

    assert asyncio.run(run()) == (0, 0)


def test_who_gives_up_in_a_pause_does_not_keep_a_turn() -> None:
    async def run() -> int:
        limiter = AdaptiveLimiter(1)
        limiter.pause(60)
        waiting = asyncio.ensure_future(limiter.acquire(0))
        await settled()
        assert limiter.in_flight == 1
        waiting.cancel()
        await settled()
        return limiter.in_flight

    assert asyncio.run(run()) == 0


def in_thread(coroutine: Coroutine[Any, Any, None]) -> threading.Thread:
    thread = threading.Thread(target=lambda: asyncio.run(coroutine))
    thread.start()
    return thread


def test_event_loops_share_the_turns() -> None:
    limiter = AdaptiveLimiter(3)
    most = 0
    orders = iter(range(1000))

    async def calls() -> None:
        async def call() -> None:
            nonlocal most
            await limiter.acquire(next(orders))
            most = max(most, limiter.in_flight)
            await asyncio.sleep(0.001)
            limiter.release()

        await asyncio.gather(*(call() for _ in range(50)))

    for thread in [in_thread(calls()) for _ in range(4)]:
        thread.join()
    assert most == 3
    assert (limiter.in_flight, limiter.waiting) == (0, 0)


def test_an_event_loop_that_ended_does_not_hold_up_the_others() -> None:
    limiter = AdaptiveLimiter(1)
    asyncio.run(limiter.acquire(0))
    dead = asyncio.new_event_loop()
    # asyncio need not report that the task is never finished, which is what is to be shown.
    dead.set_exception_handler(lambda *_: None)
    abandoned = dead.create_task(limiter.acquire(1))
    dead.run_until_complete(settled())
    dead.close()
    limiter.release()
    assert limiter.in_flight == 0
    assert asyncio.run(limiter.acquire(2)) == 0
    assert not abandoned.done()


@given(st.integers(1, 20), st.lists(st.booleans(), max_size=200))
def test_the_limit_stays_within_its_bounds(most: int, answers: list[bool]) -> None:
    async def run() -> None:
        limiter = AdaptiveLimiter(most)
        for order, well in enumerate(answers):
            period = await limiter.acquire(order)
            if well:
                limiter.succeeded()
            else:
                limiter.throttled(period)
            limiter.release()
            assert 1 <= limiter.limit <= most

    asyncio.run(run())


def test_the_server_sees_no_more_calls_than_allowed(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.latency = 0.02
    engine = make_engine(concurrency=5)

    async def ask() -> None:
        await asyncio.gather(*(engine.asynchronous.complete(new_request()) for _ in range(40)))

    asyncio.run(ask())
    assert llm_server.most_in_flight == 5


def test_an_engine_slows_down_and_recovers(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    def four_at_a_time() -> Behaviour:
        return throttles() if llm_server.in_flight > 4 else Behaviour(latency=0.01)

    llm_server.usually(four_at_a_time)
    engine = make_engine(concurrency=32, attempts=50, longest_wait=0.1)

    async def ask(calls: int) -> None:
        await asyncio.gather(*(engine.asynchronous.complete(new_request()) for _ in range(calls)))

    asyncio.run(ask(200))
    slowed = engine.statistics
    assert slowed.throttled > 0
    assert slowed.errors == {}
    assert 1 <= slowed.limit <= 8
    llm_server.usually(Behaviour())
    asyncio.run(ask(700))
    assert engine.statistics.throttled == slowed.throttled
    assert engine.statistics.limit == 32


@pytest.mark.parametrize("concurrency", [1, 2])
def test_no_turn_is_lost_whatever_happens(
    make_engine: MakeEngine, llm_server: LLMServer, concurrency: int
) -> None:
    engine = make_engine(concurrency=concurrency, attempts=1)
    for status in (500, 400, 429, 408, 200):
        llm_server.script(Behaviour(status=status))
        asyncio.run(swallowed(engine.asynchronous.complete(new_request())))
    assert engine.statistics.in_flight == 0
    assert engine.complete(new_request()).text


async def swallowed(coroutine: Coroutine[Any, Any, object]) -> None:
    await asyncio.gather(coroutine, return_exceptions=True)
