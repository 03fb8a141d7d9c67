"""A session for each event loop, closed when its loop ends, however that comes about."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, Final

import aiohttp
from dspy import lm15

from .errors import ClosedError, ServerError, TransportError
from .transport import Route, Transport

_SECONDS_TO_CLOSE: Final = 2.0
# lm15 insists on a key; the real one is known to the session alone.
_NO_KEY: Final = "none"
# What reading an answer of an unexpected shape raises.
_MISSHAPEN: Final = (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError)


class Connection:
    """The way to the server from one event loop."""

    def __init__(self, route: Route, compat: lm15.OpenAIChatCompat) -> None:
        limits = route.limits
        headers = {"Content-Type": "application/json"}
        if route.endpoint.key is not None:
            headers["Authorization"] = f"Bearer {route.endpoint.key}"
        self._host = route.endpoint.host
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limits.concurrency),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

        def adapter(timeout: aiohttp.ClientTimeout) -> lm15.AsyncOpenAIChatLM:
            transport = Transport(route, self._session, timeout)
            base_url = route.endpoint.api_base
            return lm15.AsyncOpenAIChatLM(
                api_key=_NO_KEY, base_url=base_url, compat=compat, transport=transport
            )

        patience, connecting = limits.timeout, limits.connect_timeout
        self._whole = adapter(aiohttp.ClientTimeout(total=patience, connect=connecting))
        self._streamed = adapter(aiohttp.ClientTimeout(total=None, sock_read=patience, connect=connecting))

    async def complete(self, request: lm15.Request) -> lm15.Response:
        """One attempt at an answer."""
        try:
            response: lm15.Response = await self._whole.complete(request)
        except _MISSHAPEN as error:
            kind = type(error).__name__
        else:
            return response
        raise self._misshapen(request, kind)

    async def stream(self, request: lm15.Request) -> AsyncGenerator[Any, None]:
        """One attempt at a streamed answer: lm15's events, of which the last is the end."""
        ended = False
        kind = None
        try:
            async with contextlib.aclosing(self._streamed.stream(request)) as events:
                async for event in events:
                    ended = event.type == "end"
                    yield event
        except _MISSHAPEN as error:
            kind = type(error).__name__
        if kind is not None:
            raise self._misshapen(request, kind)
        if not ended:
            raise TransportError(f"the stream of {self._host} broke off")

    async def close(self) -> None:
        """Close the session; in its event loop."""
        await self._session.close()

    def _misshapen(self, request: lm15.Request, kind: str) -> lm15.LM15Error:
        # Raises what is wrong, if it is the request.
        self._whole.plan(request)
        return ServerError(f"{self._host} sent an answer that cannot be read ({kind})")


class Connections:
    """The connections of one engine, one for each event loop that has used it."""

    def __init__(self, route: Route, compat: lm15.OpenAIChatCompat) -> None:
        self._route = route
        self._compat = compat
        self._open: dict[asyncio.AbstractEventLoop, tuple[Connection, AsyncGenerator[None, None]]] = {}
        self._lock = threading.Lock()
        self._closed = False

    async def here(self) -> Connection:
        """The connection of the running event loop. Raises `ClosedError` after `close_all`."""
        if self._closed:
            raise ClosedError
        loop = asyncio.get_running_loop()
        found = self._open.get(loop)
        if found is not None:
            return found[0]
        self._forget_closed_loops()
        connection = Connection(self._route, self._compat)
        lifetime = self._lifetime(loop, connection)
        with self._lock:
            self._open[loop] = connection, lifetime
        # An event loop closes its asynchronous generators before it ends, and with this one the session.
        await anext(lifetime)
        return connection

    async def close_here(self) -> None:
        """Close the connection of the running event loop."""
        found = self._open.get(asyncio.get_running_loop())
        if found is not None:
            await found[1].aclose()

    def close_all(self) -> None:
        """Close what is open in other event loops. What is open in this one closes when it ends."""
        self._closed = True
        with self._lock:
            here = _running_loop()
            rest = {loop: self._open.pop(loop)[0] for loop in list(self._open) if loop is not here}
        for loop, connection in rest.items():
            _close_in(loop, connection.close())

    async def _lifetime(
        self, loop: asyncio.AbstractEventLoop, connection: Connection
    ) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            with self._lock:
                self._open.pop(loop, None)
            await connection.close()

    def _forget_closed_loops(self) -> None:
        with self._lock:
            closed = [self._open.pop(loop)[0] for loop in list(self._open) if loop.is_closed()]
        for connection in closed:
            _drive(connection.close())


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _close_in(loop: asyncio.AbstractEventLoop, closing: Coroutine[Any, Any, None]) -> None:
    if loop.is_closed():
        _drive(closing)
    elif loop.is_running():
        with contextlib.suppress(concurrent.futures.TimeoutError):
            asyncio.run_coroutine_threadsafe(closing, loop).result(_SECONDS_TO_CLOSE)
    else:
        loop.run_until_complete(closing)


def _drive(closing: Coroutine[Any, Any, None]) -> None:
    """Run to its end what has nothing to wait for, as no event loop is left to wait in."""
    with contextlib.suppress(StopIteration):
        while True:
            closing.send(None)
