"""The end of engines: closed, dropped, forked, or left behind as the interpreter ends. Nothing is printed."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
import weakref

import pytest
from dspy import lm15

from tests.support.behaviours import hangs
from tests.support.engines import MakeEngine, new_engine, new_request
from tests.support.openai_server import LLMServer

THREAD = "csc-dspy-hosted"

BEGINNING = """
import asyncio, os, sys, threading, time
from csc_dspy.lm.hosted import Endpoint, HostedEngine, Limits
from dspy import lm15

def new_engine():
    engines.append(HostedEngine(Endpoint(api_base=sys.argv[1]), Limits(timeout=5.0, first_wait=0.01)))
    return engines[-1]

engines = []
request = lm15.Request(model="test", messages=(lm15.Message.user("Hello"),))
"""

# Ways to leave engines behind. All are taken in one process, whose end has to be silent nevertheless.
TIDY = """
new_engine()  # never used

new_engine().complete(request)

asyncio.run(new_engine().asynchronous.complete(request))

engine = new_engine()
engine.complete(request)
engine.close()
engine.close()

events = new_engine().stream(request)
next(events)

async def peek():
    return await anext(new_engine().asynchronous.stream(request))
asyncio.run(peek())

async def close_asynchronously():
    engine = new_engine()
    await engine.asynchronous.complete(request)
    await engine.asynchronous.aclose()
asyncio.run(close_asynchronously())

async def close_inside():
    engine = new_engine()
    await engine.asynchronous.complete(request)
    engine.complete(request)
    engine.close()
asyncio.run(close_inside())

new_engine().complete(request)
engines.pop()
"""

CARELESS = """
left_open = asyncio.new_event_loop()
left_open.run_until_complete(new_engine().asynchronous.complete(request))

engine = new_engine()
closed_at_once = asyncio.new_event_loop()
closed_at_once.run_until_complete(engine.asynchronous.complete(request))
closed_at_once.close()
asyncio.run(engine.asynchronous.complete(request))

never_used_again = new_engine()
closed_at_once = asyncio.new_event_loop()
closed_at_once.run_until_complete(never_used_again.asynchronous.complete(request))
closed_at_once.close()

def forever():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(new_engine().asynchronous.complete(request))
    done.set()
    loop.run_forever()
done = threading.Event()
threading.Thread(target=forever, daemon=True).start()
done.wait()

new_engine().complete(request)
sys.exit(0)
"""


def run(script: str, server: LLMServer, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script that has engines, in a process of its own."""
    command = [sys.executable, *options, "-c", BEGINNING + script, server.url]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)


@pytest.mark.parametrize(
    ("script", "options"),
    [
        pytest.param(TIDY, ("-X", "dev", "-W", "error"), id="tidy"),
        # Python itself warns, if asked to, of event loops that are left open.
        pytest.param(CARELESS, (), id="careless"),
    ],
)
def test_the_end_is_silent(llm_server: LLMServer, script: str, options: tuple[str, ...]) -> None:
    process = run(script, llm_server, *options)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    assert len(llm_server.requests) == script.count("(request)")


def test_the_end_does_not_wait_for_answers(llm_server: LLMServer) -> None:
    llm_server.usually(hangs())
    script = """
engine = new_engine()
threading.Thread(target=engine.complete, args=(request,), daemon=True).start()
while engine.statistics.in_flight == 0:
    time.sleep(0.01)
threading.excepthook = lambda _: None
"""
    begun = time.monotonic()
    process = run(script, llm_server)
    assert (process.returncode, process.stderr) == (0, "")
    assert time.monotonic() - begun < 30


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_process_has_connections_of_its_own(llm_server: LLMServer) -> None:
    script = """
engine = new_engine()
engine.complete(request)
child = os.fork()
print(f"{engine.complete(request).text} {engine.statistics.calls}", flush=True)
if child:
    assert os.waitpid(child, 0)[1] == 0
    print(f"{engine.complete(request).text} {engine.statistics.calls}")
"""
    # Python warns of forks in processes with threads.
    process = run(script, llm_server, "-W", "ignore::DeprecationWarning")
    assert (process.returncode, process.stderr) == (0, "")
    words, counts = zip(*(line.rsplit(" ", 1) for line in process.stdout.splitlines()), strict=True)
    assert len(set(words)) == 1
    assert sorted(counts) == ["1", "2", "3"]
    assert len(llm_server.requests) == 4


def test_a_closed_engine_refuses_calls(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.complete(new_request())
    engine.close()
    with pytest.raises(lm15.ConfigurationError, match=r"^the engine is closed$"):
        engine.complete(new_request())
    with pytest.raises(lm15.ConfigurationError, match=r"^the engine is closed$"):
        asyncio.run(engine.asynchronous.complete(new_request()))
    with pytest.raises(lm15.ConfigurationError, match=r"^the engine is closed$"):
        next(engine.stream(new_request()))
    assert engine.statistics.errors["not_configured"] > 0


def test_an_engine_can_be_closed_before_its_first_call(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.close()
    with pytest.raises(lm15.ConfigurationError, match=r"^the engine is closed$"):
        asyncio.run(engine.asynchronous.complete(new_request()))


@pytest.mark.parametrize("streamed", [False, True])
def test_closing_ends_asynchronous_calls_under_way(
    make_engine: MakeEngine, llm_server: LLMServer, streamed: bool
) -> None:
    llm_server.usually(hangs())
    engine = make_engine()

    async def ask() -> None:
        asynchronous = engine.asynchronous
        call = anext(asynchronous.stream(new_request())) if streamed else asynchronous.complete(new_request())
        waiting = asyncio.ensure_future(call)
        while not llm_server.requests:  # noqa: ASYNC110  the server is in another thread
            await asyncio.sleep(0.005)
        await asyncio.to_thread(engine.close)
        await waiting

    with pytest.raises(lm15.ConfigurationError, match=r"^the engine is closed$"):
        asyncio.run(ask())


def test_closing_ends_calls_under_way(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.usually(hangs())
    engine = make_engine()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            engine.complete(new_request())
        except lm15.LM15Error as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not llm_server.requests:
        time.sleep(0.005)
    engine.close()
    thread.join()
    assert [str(failure) for failure in failures] == ["the engine is closed"]


def test_a_dropped_engine_ends_its_thread(llm_server: LLMServer) -> None:
    before = set(threading.enumerate())
    engine = new_engine(api_base=llm_server.url)
    engine.complete(new_request())
    assert THREAD in {thread.name for thread in set(threading.enumerate()) - before}
    gone = weakref.ref(engine)
    del engine
    gc.collect()
    assert gone() is None
    assert THREAD not in {thread.name for thread in set(threading.enumerate()) - before}


def test_an_event_loop_takes_its_connections_along(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    engine = make_engine()

    async def ask() -> None:
        await asyncio.gather(*(engine.asynchronous.complete(new_request()) for _ in range(5)))
        assert llm_server.connections > 0

    asyncio.run(ask())
    deadline = time.monotonic() + 10
    while llm_server.connections and time.monotonic() < deadline:
        time.sleep(0.01)
    assert llm_server.connections == 0


def test_an_engine_that_was_only_made_has_no_thread(make_engine: MakeEngine) -> None:
    before = threading.active_count()
    engine = make_engine()
    assert engine.statistics.calls == 0
    assert threading.active_count() == before
