"""A chat-completions server on 127.0.0.1 for tests and benchmarks: real HTTP, answers that follow a script.

In a test, through the fixture ``llm_server``; elsewhere as a process of its own, which prints its address and
stops when its standard input closes::

    python -m tests.support.openai_server --latency 0.2
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import ssl
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from tests.support.answers import Answer, Json, answer
from tests.support.behaviours import HEALTHY, Behaviour, fails
from tests.support.completions import completion, events
from tests.support.fine_tuning_endpoints import FineTuning

_MOST_LOGPROBS: Final = 20


@dataclass(frozen=True)
class Received:
    """A request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    """Seconds of `time.monotonic`."""

    @property
    def json(self) -> Json:
        """The body, read."""
        parsed: Json = json.loads(self.body)
        return parsed


class LLMServer:
    """The server: what it is told to do, and what it has seen.

    ``key`` is the only key it lets in and ``models`` the only models it knows; without them it takes any.
    ``most_logprobs`` is how many likelihoods of a token it tells: it refuses requests for more, and with 0
    for any; None stands for what OpenAI tells.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        models: frozenset[str] | None = None,
        latency: float = 0.0,
        record: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.key = key
        self.models = models
        self.latency = latency
        self.most_logprobs: int | None = None
        self.fine_tuning = FineTuning(lambda: self.key)
        self.requests: list[Received] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.disconnected = 0
        """How often a client went away before it had its whole answer."""
        self.port = 0
        self._record = record
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self._script: deque[Behaviour] = deque()
        self._usual: Callable[[], Behaviour] = lambda: HEALTHY
        self._stopped = asyncio.Event()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        server = self._runner and self._runner.server
        return len(server.connections) if server else 0

    @property
    def url(self) -> str:
        """The API base."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}/v1"

    def script(self, *behaviours: Behaviour) -> None:
        """What to do with the next requests, one after the other."""
        self._script.extend(behaviours)

    def usually(self, behaviour: Behaviour | Callable[[], Behaviour]) -> None:
        """What to do with requests beyond the script: always the same, or what is decided each time."""
        self._usual = (lambda: behaviour) if isinstance(behaviour, Behaviour) else behaviour

    async def serve(self, started: Callable[[], None]) -> None:
        """Serve until `stop`; calls ``started`` once the port is known."""
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._completions)
        app.router.add_get("/v1/models", self._models)
        self.fine_tuning.add_routes(app.router)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await runner.setup()
        self._runner = runner
        site = web.TCPSite(runner, "127.0.0.1", self.port, backlog=1024, ssl_context=self._tls)
        await site.start()
        _, self.port = runner.addresses[0]
        started()
        try:
            await self._stopped.wait()
        finally:
            await runner.cleanup()

    def stop(self) -> None:
        """End `serve`; in its event loop."""
        self._stopped.set()

    async def _models(self, _: web.Request) -> web.Response:
        names = sorted(self.models or {"test"})
        return web.json_response(
            {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
        )

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            body = await request.read()
            if self._record:
                self.requests.append(Received(request.path, dict(request.headers), body, time.monotonic()))
            return await self._react(request, json.loads(body))
        except (asyncio.CancelledError, ConnectionError):
            self.disconnected += 1
            raise
        finally:
            self.in_flight -= 1

    async def _react(self, request: web.Request, asked: Json) -> web.StreamResponse:
        behaviour = self._refusal(request, asked) or (
            self._script.popleft() if self._script else self._usual()
        )
        if behaviour.hang:
            await asyncio.Event().wait()
        if behaviour.latency or self.latency:
            await asyncio.sleep(behaviour.latency or self.latency)
        body, content_type = self._body(behaviour, asked)
        if behaviour.pieces is None and behaviour.cut_after is None and content_type == "application/json":
            return web.Response(
                status=behaviour.status, headers=behaviour.headers, body=body, content_type=content_type
            )
        return await _send(request, behaviour, body, content_type)

    def _next(self) -> Behaviour:
        return self._script.popleft() if self._script else self._usual()

    def _refusal(self, request: web.Request, asked: Json) -> Behaviour | None:
        if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
            return Behaviour(status=401, message="Incorrect API key provided", code="invalid_api_key")
        if self.models is not None and asked["model"] not in self.models:
            message = f"The model `{asked['model']}` does not exist"
            return Behaviour(status=404, message=message, code="model_not_found")
        return self._refusal_of_logprobs(asked)

    def _refusal_of_logprobs(self, asked: Json) -> Behaviour | None:
        most = _MOST_LOGPROBS if self.most_logprobs is None else self.most_logprobs
        if asked.get("logprobs") and most == 0:
            return fails(400, "Unsupported parameter: 'logprobs' is not supported with this model.")
        if asked.get("top_logprobs", 0) > most:
            return fails(400, f"Invalid value for 'top_logprobs': it has to be at most {most}")
        return None

    def _body(self, behaviour: Behaviour, asked: Json) -> tuple[bytes, str]:
        if behaviour.body is not None:
            return behaviour.body, behaviour.content_type
        if behaviour.status != 200:
            error = {"message": behaviour.message, "type": "error", "param": None, "code": behaviour.code}
            return json.dumps({"error": error}).encode(), "application/json"
        text = behaviour.reply(asked) if behaviour.text is None else behaviour.text
        written = answer(asked, behaviour.label) if text is None else Answer(text)
        edited = behaviour.edit(written.text)
        # Nothing is known of where the labels went.
        written = written if edited == written.text else Answer(edited)
        if asked.get("stream"):
            return b"".join(events(asked, written, behaviour)), "text/event-stream"
        return json.dumps(
            completion(asked, written, behaviour), ensure_ascii=False
        ).encode(), "application/json"


async def _send(
    request: web.Request, behaviour: Behaviour, body: bytes, content_type: str
) -> web.StreamResponse:
    """Send a body piece by piece, perhaps not to its end."""
    headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **behaviour.headers}
    response = web.StreamResponse(status=behaviour.status, headers=headers)
    await response.prepare(request)
    for piece in _pieces(body[: behaviour.cut_after], behaviour):
        await response.write(piece)
        # A pause, however short, keeps pieces from arriving as one.
        await asyncio.sleep(behaviour.drip)
    if behaviour.cut_after is None:
        await response.write_eof()
    else:
        _hang_up(request, reset=behaviour.reset)
    return response


def _pieces(body: bytes, behaviour: Behaviour) -> Iterator[bytes]:
    """The body cut as told; by default a stream is cut after each event."""
    pieces = behaviour.pieces
    if pieces is None:
        *whole, rest = body.split(b"\n\n")
        yield from (event + b"\n\n" for event in whole)
        yield rest
        return
    places = range(pieces, len(body), pieces) if isinstance(pieces, int) else pieces
    for start, end in zip((0, *places), (*places, len(body)), strict=True):
        yield body[start:end]


def _hang_up(request: web.Request, *, reset: bool) -> None:
    if request.transport is None:
        return
    if reset:
        # Closing a socket that lingers for no time sends a reset instead of an orderly end.
        linger = struct.pack("ii", 1, 0)
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        request.transport.abort()
    else:
        request.transport.close()


@contextlib.contextmanager
def running(server: LLMServer) -> Iterator[LLMServer]:
    """Serve in a thread of this process."""
    started = threading.Event()
    loop = asyncio.new_event_loop()

    def serve() -> None:
        loop.run_until_complete(server.serve(started.set))

    thread = threading.Thread(target=serve, name="llm-server")
    thread.start()
    started.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join()
        loop.close()


def main() -> None:
    """Serve until standard input closes."""
    parser = argparse.ArgumentParser(description="A chat-completions server that needs no language model.")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer (default: 0)")
    parser.add_argument("--text", help="answer everything with this text")
    options = parser.parse_args()
    server = LLMServer(latency=options.latency, record=False)
    if options.text is not None:
        server.usually(Behaviour(text=options.text))
    with running(server):
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
