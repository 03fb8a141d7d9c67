"""Failures that may pass are tried again, so often and not more; others are not."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Iterator
from email.utils import format_datetime

import pytest
from dspy import lm15

from csc_dspy.lm.hosted import Limits
from csc_dspy.lm.hosted.backoff import Backoff
from csc_dspy.lm.hosted.errors import is_worth_retrying
from tests.support.behaviours import (
    Behaviour,
    Mixture,
    breaks_off,
    fails,
    hangs,
    says,
    sends,
    slow,
    throttles,
)
from tests.support.engines import MakeEngine, new_request
from tests.support.openai_server import LLMServer

DATES = ("Thu, 01 Jan 2099 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 -0000", "Thu, 01 Jan 1970 00:00:00 GMT")

PASSING = [
    *(
        pytest.param(fails(status), id=str(status))
        for status in (408, 409, 425, 500, 502, 503, 504, 524, 529)
    ),
    pytest.param(throttles(), id="429"),
    pytest.param(breaks_off(), id="cut"),
    pytest.param(breaks_off(reset=True), id="reset"),
    pytest.param(breaks_off(0, reset=True), id="reset at once"),
    pytest.param(sends(b'{"choices": [{"mess'), id="half JSON"),
    pytest.param(sends(b"<html>busy</html>", "text/html"), id="a page"),
    pytest.param(sends(b"[]"), id="another JSON"),
    pytest.param(sends(b"\xff\xfe"), id="no text"),
    pytest.param(sends(b""), id="nothing"),
    pytest.param(sends(b'{"choices": []}'), id="no choice"),
    pytest.param(sends(b'{"choices": "many"}'), id="choices of another type"),
    pytest.param(sends(b'{"error": {"message": "overloaded", "code": 503}}'), id="error inside"),
]


@pytest.mark.parametrize("fault", PASSING)
def test_passing_failures_are_tried_again(
    make_engine: MakeEngine, llm_server: LLMServer, fault: Behaviour
) -> None:
    llm_server.script(fault, fault, says("at last"))
    engine = make_engine()
    assert engine.complete(new_request()).text == "at last"
    assert len(llm_server.requests) == 3
    assert (engine.statistics.calls, engine.statistics.retries) == (1, 2)


@pytest.mark.parametrize("fault", PASSING)
def test_attempts_have_an_end(make_engine: MakeEngine, llm_server: LLMServer, fault: Behaviour) -> None:
    llm_server.usually(fault)
    engine = make_engine(attempts=3)
    with pytest.raises(lm15.LM15Error) as caught:
        engine.complete(new_request())
    assert is_worth_retrying(caught.value)
    assert len(llm_server.requests) == 3
    assert dict(engine.statistics.errors) == {caught.value.code: 1}
    # The failure was not final: the next call is sent.
    llm_server.usually(says("recovered"))
    assert engine.complete(new_request()).text == "recovered"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 413, 422, 501, 505])
def test_lasting_failures_are_not(make_engine: MakeEngine, llm_server: LLMServer, status: int) -> None:
    llm_server.usually(fails(status))
    with pytest.raises(lm15.LM15Error):
        make_engine().complete(new_request())
    assert len(llm_server.requests) == 1


def test_an_answer_that_does_not_come_is_given_up(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.usually(hangs())
    with pytest.raises(lm15.TimeoutError, match=r"^no answer from 127\.0\.0\.1:\d+ within 0\.2 s$"):
        make_engine(timeout=0.2, attempts=2).complete(new_request())
    assert len(llm_server.requests) == 2


def test_a_trickle_does_not_hold_a_call_up_for_ever(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.usually(Behaviour(pieces=1, drip=0.1))
    with pytest.raises(lm15.TimeoutError):
        make_engine(timeout=0.5, attempts=1).complete(new_request())


def test_a_slow_answer_within_the_limit_is_waited_for(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.script(slow(0.4))
    assert make_engine(attempts=1).complete(new_request()).text


def test_a_refused_connection(make_engine: MakeEngine) -> None:
    engine = make_engine(api_base="http://127.0.0.1:9", attempts=3)
    with pytest.raises(lm15.TransportError, match=r"^cannot connect to 127\.0\.0\.1:9: Connection refused$"):
        engine.complete(new_request())
    assert engine.statistics.retries == 2


def test_an_unknown_host(make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    monkeypatch.setenv("NO_PROXY", "llm.example.com")
    monkeypatch.setenv("no_proxy", "llm.example.com")
    line = r"^cannot connect to llm\.example\.com: Name or service not known$"
    with pytest.raises(lm15.TransportError, match=line):
        make_engine(api_base="http://llm.example.com", attempts=1).complete(new_request())


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port that takes no more connections, and does not refuse them either."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def test_a_connection_that_does_not_come(make_engine: MakeEngine, full_port: int) -> None:
    engine = make_engine(api_base=f"http://127.0.0.1:{full_port}", connect_timeout=0.2, attempts=2)
    with pytest.raises(lm15.TimeoutError, match=r"^no connection to 127\.0\.0\.1:\d+ within 0\.2 s$"):
        engine.complete(new_request())
    assert engine.statistics.retries == 1


@pytest.mark.parametrize("asked", ["1", "date"])
def test_the_server_says_when_to_come_back(
    make_engine: MakeEngine, llm_server: LLMServer, asked: str
) -> None:
    if asked == "date":
        # Dates are whole seconds: at least one of these two is left.
        asked = format_datetime(dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=2), usegmt=True)
    llm_server.script(throttles(asked))
    make_engine(longest_wait=5.0).complete(new_request())
    first, second = llm_server.requests
    assert 0.95 <= second.at - first.at < 5


def test_nor_does_any_other_call_come_before(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    engine = make_engine(attempts=1)
    llm_server.script(throttles("1"))
    with pytest.raises(lm15.RateLimitError) as caught:
        engine.complete(new_request())
    assert caught.value.retry_after == 1
    engine.complete(new_request())
    first, second = llm_server.requests
    assert second.at - first.at >= 0.95


@pytest.mark.parametrize("asked", ["3600", "nan", "-1", "soon", *DATES])
def test_a_wish_beyond_reason_is_not_heeded(
    make_engine: MakeEngine, llm_server: LLMServer, asked: str
) -> None:
    llm_server.script(throttles(asked))
    make_engine(longest_wait=0.05).complete(new_request())
    assert len(llm_server.requests) == 2


def test_waits_double_up_to_the_longest_and_differ() -> None:
    backoff = Backoff(Limits(first_wait=1.0, longest_wait=8.0))
    for attempts, full in enumerate([1, 2, 4, 8, 8, 8], start=1):
        waits = {backoff.wait(attempts, None) for _ in range(50)}
        assert len(waits) > 40
        assert all(full / 2 <= wait <= full for wait in waits)


def test_waits_asked_for_are_never_shortened() -> None:
    backoff = Backoff(Limits(first_wait=1.0, longest_wait=8.0))
    assert all(3 <= backoff.wait(1, 3.0) <= 3.5 for _ in range(50))
    assert all(8 <= backoff.wait(1, 600.0) <= 8.5 for _ in range(50))


def test_the_same_seed_waits_the_same() -> None:
    first, second = (Backoff(Limits(seed=7)) for _ in range(2))
    assert [first.wait(1, None) for _ in range(9)] == [second.wait(1, None) for _ in range(9)]


def test_many_calls_get_through_an_unreliable_server(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    faults = [(throttles(), 0.1), (fails(500), 0.05), (breaks_off(reset=True), 0.05), (sends(b"{"), 0.05)]
    llm_server.usually(Mixture(faults, seed=1))
    engine = make_engine(attempts=12, longest_wait=0.05)
    for number in range(200):
        assert engine.complete(new_request(f"question {number}")).text
    statistics = engine.statistics
    assert statistics.calls == 200
    assert statistics.errors == {}
    assert len(llm_server.requests) == 200 + statistics.retries > 220
    assert 0 < statistics.throttled < statistics.retries
