"""Providers with a protocol of their own, asked by DSPy's engines with our retries, cache and budget."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.lm15 import ServerError

from csc_dspy.exceptions import BudgetError, ConfigError
from csc_dspy.lm import Budget, CallError, connect
from csc_dspy.lm.hosted import Limits
from csc_dspy.lm.keys import Secret
from csc_dspy.lm.native import NativeEngine, lm15_engine
from csc_dspy.lm.specs import route
from tests.lm.small_engine import request
from tests.support.openai_server import LLMServer

pytestmark = pytest.mark.usefixtures("home")

ROOT = Path(__file__).parents[2]
KEY = "sk-ant-planted-0123456789"
USAGE = {
    "input_tokens": 10,
    "output_tokens": 4,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 0,
}
ERRORS = {401: "authentication_error", 529: "overloaded_error"}
QUESTION = replace(request(), model="anthropic/claude-small")
Connect = Callable[..., dspy.LM]


class MessagesServer(ThreadingHTTPServer):
    """Speaks as much of Anthropic's messages protocol as is needed here."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: list[int] = []
        self.seen: list[tuple[str | None, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: MessagesServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.headers["x-api-key"], asked))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status != 200:
            said = f"the key {self.headers['x-api-key']} is of no use now"
            error = {"type": ERRORS.get(status, "api_error"), "message": said}
            self._send(status, "application/json", {"type": "error", "error": error})
        elif asked.get("stream"):
            self._send(status, "text/event-stream", *_events(len(self.server.seen)))
        else:
            self._send(status, "application/json", _message(f"answer {len(self.server.seen)}"))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, status: int, content_type: str, *content: dict[str, Any]) -> None:
        if content_type == "application/json":
            body = json.dumps(content[0]).encode()
        else:
            body = b"".join(
                f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in content
            )
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _message(text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}] if text else []
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-small"}
    return {**head, "content": content, "stop_reason": "end_turn", "stop_sequence": None, "usage": USAGE}


def _events(number: int) -> list[dict[str, Any]]:
    delta = {"type": "text_delta", "text": f"answer {number}"}
    return [
        {"type": "message_start", "message": _message("")},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": USAGE},
        {"type": "message_stop"},
    ]


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def lm(server: MessagesServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with ExitStack() as stack:

        def make(spec: str = "anthropic/claude-small", **options: Any) -> dspy.LM:  # noqa: ANN401 - each has its own type
            made = connect(spec, **{"api_base": server.url, **options})
            stack.enter_context(closing(made.engine))
            return made

        yield make


@pytest.fixture
def patient(server: MessagesServer) -> Iterator[NativeEngine]:
    """The engine alone, which waits hardly at all."""
    limits = Limits(attempts=3, first_wait=0.001)
    engine, _ = lm15_engine(route(QUESTION.model, server.url, {}), Secret(KEY, "a test"), limits)
    with closing(engine):
        yield engine


def test_it_is_asked_by_its_own_protocol_and_key(lm: Connect, server: MessagesServer) -> None:
    made = lm(max_tokens=50)
    assert made("hello") == ["answer 1"]
    ((key, asked),) = server.seen
    assert key == KEY
    assert (asked["model"], asked["max_tokens"], asked["temperature"]) == ("claude-small", 50, 0.0)


def test_tokens_are_counted_alike(lm: Connect) -> None:
    made = lm()
    made("hello")
    usage = made.engine.budget.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (110, 100, 4)


def test_cache_and_budget_hold_on_every_way(lm: Connect, server: MessagesServer) -> None:
    made = lm(budget=Budget(max_calls=2))

    async def ask(text: str) -> list[Any]:
        answers: list[Any] = await asyncio.gather(*(made.acall(text) for _ in range(5)))
        return answers

    assert asyncio.run(ask("hello")) == [["answer 1"]] * 5
    assert made("hello") == ["answer 1"]
    assert asyncio.run(ask("bye")) == [["answer 2"]] * 5
    with pytest.raises(BudgetError):
        made("once more")
    assert len(server.seen) == 2


def test_what_may_pass_is_tried_again(patient: NativeEngine, server: MessagesServer) -> None:
    server.statuses = [529, 503]
    assert patient.complete(QUESTION).text == "answer 3"
    server.statuses = [500]
    assert asyncio.run(patient.asynchronous.complete(QUESTION)).text == "answer 5"
    assert patient.retries == 3


def test_what_does_not_pass_is_told_in_the_end(patient: NativeEngine, server: MessagesServer) -> None:
    server.statuses = [503] * 100

    async def follow() -> list[Any]:
        return [event async for event in patient.asynchronous.stream(QUESTION)]

    ways: list[Callable[[], object]] = [
        lambda: patient.complete(QUESTION),
        lambda: asyncio.run(patient.asynchronous.complete(QUESTION)),
        lambda: list(patient.stream(QUESTION)),
        lambda: asyncio.run(follow()),
    ]
    for count, way in enumerate(ways, start=1):
        with pytest.raises(ServerError):
            way()
        assert len(server.seen) == 3 * count
    assert patient.retries == 8


def test_a_stream_is_tried_again_until_it_begins(patient: NativeEngine, server: MessagesServer) -> None:
    async def follow() -> list[Any]:
        return [event async for event in patient.asynchronous.stream(QUESTION)]

    ways: list[Callable[[], list[Any]]] = [
        lambda: list(patient.stream(QUESTION)),
        lambda: asyncio.run(follow()),
    ]
    for number, way in enumerate(ways):
        server.statuses = [529]
        events = way()
        assert (
            "".join(event.delta.text for event in events if event.type == "delta")
            == f"answer {2 * number + 2}"
        )
        assert events[-1].usage.input_tokens == 110


def test_what_cannot_pass_is_told_once_and_without_the_key(lm: Connect, server: MessagesServer) -> None:
    server.statuses = [401, 401]
    made = lm()
    ways: list[Callable[[], object]] = [lambda: made("hello"), lambda: asyncio.run(made.acall("hello"))]
    for way in ways:
        with pytest.raises(
            CallError, match=r"the key \*\*\* is of no use now.*the key is from ANTHROPIC_API_KEY"
        ) as raised:
            way()
        assert raised.value.code == "auth"
        assert KEY not in repr(raised.value)
    assert len(server.seen) == 2


def test_it_streams_what_it_answers(lm: Connect) -> None:
    made = lm()
    events = list(made.engine.stream(QUESTION))
    assert [event.type for event in events] == ["start", "delta", "end"]
    assert made.engine.complete(QUESTION).text == events[1].delta.text == "answer 1"
    usage = made.engine.budget.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_answers) == (110, 4, 1)


def test_connections_end_with_their_event_loop(lm: Connect) -> None:
    made = lm(cache=False)

    async def ask_and_close() -> None:
        await made.acall("hello")
        await made.engine.asynchronous.aclose()

    asyncio.run(ask_and_close())
    assert asyncio.run(made.acall("hello")) == ["answer 2"]


@pytest.mark.parametrize(
    ("spec", "variables"),
    [
        ("anthropic/claude-small", "ANTHROPIC_API_KEY or CSC_DSPY_API_KEY"),
        ("groq/llama", "GROQ_API_KEY or CSC_DSPY_API_KEY"),
        ("gemini/flash", "GEMINI_API_KEY or GOOGLE_API_KEY or CSC_DSPY_API_KEY"),
    ],
)
def test_a_missing_key_is_told_before_any_call(spec: str, variables: str) -> None:
    with pytest.raises(ConfigError) as raised:
        connect(spec)
    assert (
        str(raised.value) == f"--lm {spec}: needs an API key (set {variables}, or give --api-key-file FILE)"
    )


def test_other_settings_that_are_missing_are_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "planted")
    with pytest.raises(ConfigError, match="AZURE_OPENAI_ENDPOINT"):
        connect("azure/deployment")


LITELLM = """
import asyncio
from csc_dspy.exceptions import ConfigError
from csc_dspy.lm import connect, using

spec = "fireworks_ai/accounts/fireworks/models/small"
with using(spec) as lm:
    assert lm("hello") == lm("hello") == asyncio.run(lm.acall("hello")), "the cache"
    asyncio.run(lm.acall("bye"))
    print(lm.engine.budget.usage.calls)
import os
del os.environ["FIREWORKS_API_KEY"]
try:
    connect(spec)
except ConfigError as error:
    print(error)
"""


def test_litellm_is_asked_for_what_only_litellm_knows(home: Path, llm_server: LLMServer) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LITELLM],
        cwd=ROOT,
        env={**os.environ, "FIREWORKS_API_BASE": llm_server.url, "FIREWORKS_API_KEY": "planted-0123"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    calls, said = ran.stdout.splitlines()[-2:]
    assert calls == "2"
    assert said.startswith(
        "--lm fireworks_ai/accounts/fireworks/models/small: needs an API key (set FIREWORKS"
    )
    assert [asked.headers["Authorization"] for asked in llm_server.requests] == ["Bearer planted-0123"] * 2
    assert home.exists()
