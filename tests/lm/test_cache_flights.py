"""Identical calls at the same time are made once, however they come, and failures are nobody else's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from csc_dspy.lm.budget import Budget
from csc_dspy.lm.cache import borrow_cache
from csc_dspy.lm.cached import CachedEngine
from csc_dspy.lm.flights import Flights
from csc_dspy.lm.metered import MeteredEngine, Terms
from tests.lm.small_engine import SmallEngine, request


class Waiting:
    """A call that can be held in flight."""

    def __init__(self, outcome: Callable[[int], str] = str) -> None:
        self.calls = 0
        self.begun = threading.Event()
        self.go = threading.Event()
        self._outcome = outcome

    def __call__(self) -> str:
        self.calls += 1
        self.begun.set()
        assert self.go.wait(timeout=30)
        return self._outcome(self.calls)


def test_threads_share_a_call() -> None:
    flights: Flights[str] = Flights()
    call = Waiting()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(flights.once, b"key", call)
        assert call.begun.wait(timeout=30)
        others = [pool.submit(flights.once, b"key", call) for _ in range(8)]
        call.go.set()
        assert first.result() == ("1", False)
        assert {other.result()[0] for other in others} <= {"1", "2", "3", "4", "5", "6", "7", "8", "9"}
    assert call.calls == 1 + sum(not other.result()[1] for other in others)


def test_tasks_share_a_call() -> None:
    flights: Flights[str] = Flights()
    calls = 0

    async def call() -> str:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        return str(calls)

    async def together() -> list[tuple[str, bool]]:
        return await asyncio.gather(*(flights.aonce(b"key", call) for _ in range(200)))

    assert asyncio.run(together()) == [("1", False)] + [("1", True)] * 199
    assert asyncio.run(flights.aonce(b"key", call)) == ("2", False)


def test_a_task_waits_for_a_thread() -> None:
    flights: Flights[str] = Flights()
    call = Waiting()

    async def never() -> str:
        raise AssertionError("the thread makes the call")

    async def wait() -> tuple[str, bool]:
        waiting = asyncio.create_task(flights.aonce(b"key", never))
        await asyncio.sleep(0.01)
        call.go.set()
        return await waiting

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.once, b"key", call)
        assert call.begun.wait(timeout=30)
        assert asyncio.run(wait()) == ("1", True)
        assert first.result() == ("1", False)


def test_other_keys_do_not_wait() -> None:
    flights: Flights[str] = Flights()
    assert flights.once(b"a", lambda: flights.once(b"b", lambda: "inner")[0]) == ("inner", False)


def test_whoever_waits_for_a_failure_calls_alone() -> None:
    flights: Flights[str] = Flights()

    def outcome(number: int) -> str:
        if number == 1:
            raise ValueError("the first fails")
        return str(number)

    call = Waiting(outcome)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.once, b"key", call)
        assert call.begun.wait(timeout=30)
        second = pool.submit(flights.once, b"key", call)
        call.go.set()
        with pytest.raises(ValueError, match="the first fails"):
            first.result()
        assert second.result() == ("2", False)


def test_cancelling_one_task_cancels_no_other() -> None:
    flights: Flights[str] = Flights()

    async def slow() -> str:
        await asyncio.sleep(0.05)
        return "answer"

    async def cancel(which: int) -> list[object]:
        tasks = [asyncio.create_task(flights.aonce(b"key", slow)) for _ in range(3)]
        await asyncio.sleep(0.01)
        tasks[which].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        return [each[0] if isinstance(each, tuple) else type(each) for each in done]

    cancelled = asyncio.CancelledError
    assert asyncio.run(cancel(0)) == [cancelled, "answer", "answer"]
    assert asyncio.run(cancel(1)) == ["answer", cancelled, "answer"]


def test_a_blocking_call_in_an_event_loop_does_not_wait_for_a_task_of_that_loop() -> None:
    flights: Flights[str] = Flights()

    async def slow() -> str:
        await asyncio.sleep(0.05)
        return "of the task"

    async def both() -> list[tuple[str, bool]]:
        task = asyncio.create_task(flights.aonce(b"key", slow))
        await asyncio.sleep(0)
        return [flights.once(b"key", lambda: "of its own"), await task]

    assert asyncio.run(both()) == [("of its own", False), ("of the task", False)]


@pytest.fixture
def engine(tmp_path: Path) -> CachedEngine:
    metered = MeteredEngine(SmallEngine(), Terms("openai/small", Budget(), None))
    return CachedEngine(metered, borrow_cache(tmp_path / "cache"), "here")


def ask_at_once(engine: CachedEngine, temperature: float) -> set[str | None]:
    async def together() -> set[str | None]:
        calls = (engine.asynchronous.complete(request(temperature=temperature)) for _ in range(50))
        return {response.text for response in await asyncio.gather(*calls)}

    try:
        return asyncio.run(together())
    finally:
        engine.close()


def test_an_engine_is_asked_once(engine: CachedEngine) -> None:
    assert ask_at_once(engine, 0.0) == {"answer 1"}
    usage = engine.budget.usage
    assert (usage.calls, usage.cached_answers, usage.tokens) == (1, 49, 14)


def test_where_answers_are_random_each_is_asked_for(engine: CachedEngine) -> None:
    assert len(ask_at_once(engine, 1.0)) == 50
    assert engine.budget.usage.calls == 50
