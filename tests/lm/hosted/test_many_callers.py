"""Many calls at a time: from threads, from event loops, from both, cancelled and not."""

from __future__ import annotations

import asyncio
import copy
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.behaviours import hangs, slow
from tests.support.engines import MakeEngine, new_request
from tests.support.openai_server import LLMServer


def test_threads(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.latency = 0.2
    engine = make_engine(concurrency=300)
    barrier = threading.Barrier(300)

    def ask(number: int) -> str | None:
        barrier.wait()
        return engine.complete(new_request(f"question {number}")).text

    with ThreadPoolExecutor(300) as pool:
        answers = list(pool.map(ask, range(300)))
    assert len(set(answers)) == 300
    llm_server.latency = 0.0
    assert answers[:9] == [engine.complete(new_request(f"question {number}")).text for number in range(9)]
    assert llm_server.most_in_flight > 100


def test_asynchronous_calls(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.latency = 0.2
    engine = make_engine(concurrency=300)

    async def ask() -> list[str | None]:
        calls = (engine.asynchronous.complete(new_request(f"question {number}")) for number in range(300))
        return [response.text for response in await asyncio.gather(*calls)]

    answers = asyncio.run(ask())
    assert len(set(answers)) == 300
    assert llm_server.most_in_flight > 100


def test_event_loops_one_after_the_other(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    engine = make_engine()

    async def ask() -> str | None:
        return (await engine.asynchronous.complete(new_request())).text

    assert asyncio.run(ask()) == asyncio.run(ask()) == engine.complete(new_request()).text
    assert len(llm_server.requests) == 3


def test_event_loops_side_by_side_with_threads(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.latency = 0.01
    engine = make_engine(concurrency=8)

    async def ask() -> int:
        calls = (engine.asynchronous.complete(new_request()) for _ in range(20))
        return len(await asyncio.gather(*calls))

    with ThreadPoolExecutor(12) as pool:
        loops = [pool.submit(asyncio.run, ask()) for _ in range(4)]
        threads = [pool.submit(engine.complete, new_request()) for _ in range(40)]
        assert [loop.result() for loop in loops] == [20] * 4
        assert all(thread.result().text for thread in threads)
    assert llm_server.most_in_flight == 8
    assert engine.statistics.calls == 120


def test_a_synchronous_call_inside_an_event_loop(make_engine: MakeEngine) -> None:
    engine = make_engine()

    async def ask() -> bool:
        blocking = engine.complete(new_request()).text
        return blocking == (await engine.asynchronous.complete(new_request())).text

    assert asyncio.run(ask())


def test_a_cancelled_call_gives_its_turn_back(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.script(hangs())
    engine = make_engine(concurrency=1)

    async def ask() -> str | None:
        stuck = asyncio.ensure_future(engine.asynchronous.complete(new_request("stuck")))
        behind = asyncio.ensure_future(engine.asynchronous.complete(new_request("behind")))
        while not llm_server.requests:  # noqa: ASYNC110  the server is in another thread
            await asyncio.sleep(0.005)
        assert (engine.statistics.in_flight, engine.statistics.waiting) == (1, 1)
        stuck.cancel()
        response = await behind
        assert stuck.cancelled()
        return response.text

    assert asyncio.run(ask())
    assert (engine.statistics.in_flight, engine.statistics.waiting) == (0, 0)


def test_a_time_limit_of_the_callers(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.script(hangs())
    engine = make_engine(concurrency=1)

    async def ask() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(engine.asynchronous.complete(new_request()), 0.2)
        assert (await engine.asynchronous.complete(new_request())).text

    asyncio.run(ask())


def test_copies_are_the_same_engine(make_engine: MakeEngine) -> None:
    engine = make_engine()
    assert copy.deepcopy(engine) is engine
    assert copy.deepcopy({"pair": (engine, engine.asynchronous)})["pair"] == (engine, engine.asynchronous)


def test_connections_are_used_again(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    engine = make_engine()
    ports = set()
    for _ in range(5):
        engine.complete(new_request())
        ports.add(llm_server.connections)
    assert ports == {1}


def test_calls_run_side_by_side(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.usually(slow(0.3))
    engine = make_engine()
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: engine.complete(new_request()).text, range(20)))
    assert llm_server.most_in_flight >= 10
