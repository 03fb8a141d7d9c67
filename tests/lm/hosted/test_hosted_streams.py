"""Streamed answers: the same text in pieces, however the bytes fall, and nothing left open afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing, closing
from typing import Any

import pytest
from dspy import lm15

from csc_dspy.lm.hosted import HostedEngine
from tests.support.behaviours import Behaviour, breaks_off, drips, fails, hangs, says, sends, throttles
from tests.support.engines import MakeEngine, new_request
from tests.support.openai_server import LLMServer

Collect = Callable[[HostedEngine, lm15.Request], list[Any]]


def collect_sync(engine: HostedEngine, request: lm15.Request) -> list[Any]:
    with closing(engine.stream(request)) as events:
        return list(events)


def collect_async(engine: HostedEngine, request: lm15.Request) -> list[Any]:
    async def collect() -> list[Any]:
        async with aclosing(engine.asynchronous.stream(request)) as events:
            return [event async for event in events]

    return asyncio.run(collect())


@pytest.fixture(params=[collect_sync, collect_async], ids=["sync", "async"])
def collect(request: pytest.FixtureRequest) -> Collect:
    collect: Collect = request.param
    return collect


def text_of(events: list[Any]) -> str:
    return "".join(event.delta.text for event in events if event.type == "delta")


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether a condition of another thread comes true within a generous time."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


CHINESE = "您好，请问有什么可以帮您？😀\n[[ ## completed ## ]]"


@pytest.mark.parametrize("pieces", [None, 1, 2, 3, 7, 64, (5,), (200, 201, 202, 203)])
def test_a_stream_has_the_text_of_the_whole(
    make_engine: MakeEngine,
    llm_server: LLMServer,
    collect: Collect,
    pieces: int | tuple[int, ...] | None,
) -> None:
    llm_server.usually(Behaviour(text=CHINESE, pieces=pieces))
    engine = make_engine()
    events = collect(engine, new_request())
    assert text_of(events) == CHINESE
    whole = lm15.materialize_response(iter(events), new_request())
    plain = engine.complete(new_request())
    assert (whole.text, whole.usage, whole.finish_reason) == (plain.text, plain.usage, plain.finish_reason)


def test_events_begin_with_one_start_and_end_with_one_end(
    make_engine: MakeEngine, llm_server: LLMServer, collect: Collect
) -> None:
    llm_server.script(says("one two six"))
    kinds = [event.type for event in collect(make_engine(), new_request())]
    assert kinds == ["start", "delta", "delta", "delta", "end"]
    assert llm_server.requests[0].json["stream_options"] == {"include_usage": True}


def test_pieces_arrive_while_the_rest_is_not_there_yet(
    make_engine: MakeEngine, llm_server: LLMServer
) -> None:
    llm_server.script(drips(0.3, pieces=600))
    with closing(make_engine().stream(new_request("tell me " * 20))) as events:
        next(events)
        assert llm_server.in_flight == 1


@pytest.mark.parametrize(
    "stream",
    [
        b'data: {"choices": [{"delta": {"content": "\\"error\\""}}]}\n\ndata: [DONE]',
        b"\r\n\r\n".join(
            [
                b"\xef\xbb\xbf: hello",
                b"event: message\r\nretry: 5",
                b'data: {"choices": [{"delta": {"content": "\\"error\\""}}]}',
                b'data: "error"',
                b"data: [DONE]\r\n",
            ]
        ),
    ],
    ids=["no last line end", "comments and other fields"],
)
def test_streams_are_written_in_many_ways(
    make_engine: MakeEngine, llm_server: LLMServer, collect: Collect, stream: bytes
) -> None:
    llm_server.script(sends(stream, "text/event-stream"))
    assert text_of(collect(make_engine(attempts=1), new_request())) == '"error"'


def test_log_probabilities_are_streamed(
    make_engine: MakeEngine, llm_server: LLMServer, collect: Collect
) -> None:
    llm_server.usually(says("one two"))
    engine = make_engine()
    whole = lm15.materialize_response(iter(collect(engine, new_request(logprobs=1))), new_request())
    assert whole.logprobs == engine.complete(new_request(logprobs=1)).logprobs


@pytest.mark.parametrize(
    "fault",
    [fails(500), throttles(), breaks_off(0), breaks_off(0, reset=True), sends(b"", "text/event-stream")],
)
def test_a_stream_that_did_not_begin_is_tried_again(
    make_engine: MakeEngine,
    llm_server: LLMServer,
    collect: Collect,
    fault: Behaviour,
) -> None:
    llm_server.script(fault, fault, says("at last"))
    engine = make_engine()
    assert text_of(collect(engine, new_request())) == "at last"
    assert len(llm_server.requests) == 3
    assert engine.statistics.retries == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Behaviour(text="one two three", cut_after=600), lm15.TransportError),
        (Behaviour(text="one two three", cut_after=600, reset=True), lm15.TransportError),
        (
            sends(
                b'data: {"model": "test", "choices": [{"delta": {"content": "one"}}]}\n\n'
                b'data: {"error": {"message": "worker died", "code": 500}}\n\n',
                "text/event-stream",
            ),
            lm15.ServerError,
        ),
        (
            sends(
                b'data: {"model": "test", "choices": [{"delta": {"content": "one"}}]}\n\ndata: {"choi\n\n',
                "text/event-stream",
            ),
            lm15.ServerError,
        ),
        (
            sends(
                b'data: {"model": "test", "choices": [{"delta": {"content": "one"}}]}\n\n',
                "text/event-stream",
            ),
            lm15.TransportError,
        ),
    ],
    ids=["cut", "reset", "error event", "broken event", "ends early"],
)
def test_a_stream_that_breaks_later_is_not(
    make_engine: MakeEngine,
    llm_server: LLMServer,
    fault: Behaviour,
    error: type[lm15.LM15Error],
) -> None:
    llm_server.script(fault)
    engine = make_engine()
    seen: list[Any] = []
    with pytest.raises(error, match=r"^(the (stream of|connection to) )?127\.0\.0\.1:\d+ "):
        seen.extend(engine.stream(new_request()))
    assert [event.type for event in seen[:2]] == ["start", "delta"]
    assert len(llm_server.requests) == 1
    assert (engine.statistics.calls, sum(engine.statistics.errors.values())) == (1, 1)
    assert engine.statistics.in_flight == 0


def test_a_server_that_does_not_stream_is_told_from_one_that_refuses(
    make_engine: MakeEngine, llm_server: LLMServer, collect: Collect
) -> None:
    engine = make_engine(attempts=1)
    llm_server.script(sends(b'{"error": {"message": "busy", "code": "rate_limit_exceeded"}}'))
    with pytest.raises(lm15.RateLimitError, match="busy"):
        collect(engine, new_request())
    llm_server.script(sends(b'{"choices": [{"message": {"content": "all of it"}}]}'))
    with pytest.raises(lm15.InvalidRequestError, match="does not stream"):
        collect(engine, new_request())


def test_closing_early_closes_the_connection(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.usually(drips(0.05, pieces=40))
    engine = make_engine(concurrency=1)
    for _ in range(2):
        events = engine.stream(new_request("tell me " * 50))
        next(events)
        events.close()
    assert eventually(lambda: llm_server.disconnected == 2)
    assert engine.statistics.in_flight == 0


def test_closing_early_closes_the_connection_asynchronously(
    make_engine: MakeEngine, llm_server: LLMServer
) -> None:
    llm_server.usually(drips(0.05, pieces=40))
    engine = make_engine(concurrency=1)

    async def peek() -> None:
        async with aclosing(engine.asynchronous.stream(new_request("tell me " * 50))) as events:
            await anext(events)

    asyncio.run(peek())
    asyncio.run(peek())
    assert eventually(lambda: llm_server.disconnected == 2)
    assert engine.statistics.in_flight == 0


def test_patience_with_a_stream_is_for_each_piece(
    make_engine: MakeEngine, llm_server: LLMServer, collect: Collect
) -> None:
    engine = make_engine(timeout=0.5, attempts=1)
    llm_server.script(Behaviour(text="one two three", drip=0.2))
    # Seven events with a pause after each take longer than the limit for one.
    assert text_of(collect(engine, new_request())) == "one two three"
    llm_server.script(hangs())
    with pytest.raises(lm15.TimeoutError, match="no answer from 127"):
        collect(engine, new_request())
