"""lm15's requests over aiohttp: one attempt, which ends in an answer or in an error of ours.

`Transport` is what lm15 calls an async transport: ``stream(request)`` is a context with the status and the
body of the answer. lm15 writes the body of the request and reads that of the answer; all else is here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Protocol, TypeVar

import aiohttp
import orjson
from dspy import lm15

from .endpoint import Endpoint
from .errors import (
    ConfigurationError,
    InvalidRequestError,
    ServerError,
    TimeoutError,  # noqa: A004  lm15's name
    TransportError,
)
from .limits import Limits
from .refusals import refusal, refusal_inside
from .withholding import withhold

T = TypeVar("T")

_EVENTS: Final = "text/event-stream"


@dataclass(frozen=True)
class Route:
    """Where requests go, how patiently, and through what."""

    endpoint: Endpoint
    limits: Limits
    proxy: str | None = field(repr=False)
    """Its address may hold credentials."""


class WireRequest(Protocol):
    """What lm15 hands over to be sent."""

    url: str
    body: bytes


class Transport:
    """Sends requests in one session, which belongs to one event loop."""

    def __init__(self, route: Route, session: aiohttp.ClientSession, timeout: aiohttp.ClientTimeout) -> None:
        self.route = route
        self.session = session
        self.timeout = timeout

    def stream(self, request: WireRequest) -> Exchange:
        """One request and its answer."""
        return Exchange(self, request)


class Exchange:
    """One request and its answer, for the length of a ``async with``."""

    status = 200
    reason = "OK"
    http_version = "HTTP/1.1"

    def __init__(self, transport: Transport, request: WireRequest) -> None:
        self.headers: list[tuple[str, str]] = []
        self._transport = transport
        self._request = request
        self._response: aiohttp.ClientResponse

    async def __aenter__(self) -> Exchange:
        self._response = await self._guarded(self._send())
        if self._response.status != 200:
            body = await self._guarded(self._response.read())
            self._response.close()
            said = refusal(self._response.status, self._response.headers, body)
            raise self._withheld(said.error(self._host, self._model))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A connection whose answer was read to its end is back in the pool by now; any other is closed.
        self._response.close()

    async def read(self) -> bytes:
        """The whole answer, which is one: JSON, no refusal, with a choice in it."""
        body = await self._guarded(self._response.read())
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise ServerError(f"{self._host} answered something that is not a JSON object")
        self._check(answer)
        if answer.get("choices") == []:
            raise ServerError(f"{self._host} answered without a choice")
        return body

    async def aiter_lines(self) -> AsyncIterator[bytes]:
        """The lines of a streamed answer, as they come."""
        if self._response.content_type != _EVENTS:
            await self.read()
            raise InvalidRequestError(f"{self._host} does not stream its answers")
        rest = b""
        while piece := await self._guarded(self._response.content.readany()):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if b'"error"' in line:
                    self._check_event(line)
                yield line
        if rest:
            yield rest

    def _check(self, answer: dict[str, Any]) -> None:
        said = refusal_inside(answer)
        if said is not None:
            raise self._withheld(said.error(self._host, self._model))

    def _check_event(self, line: bytes) -> None:
        with contextlib.suppress(orjson.JSONDecodeError):
            event = orjson.loads(line.removeprefix(b"data:"))
            if isinstance(event, dict):
                self._check(event)

    def _send(self) -> Awaitable[aiohttp.ClientResponse]:
        return self._transport.session.post(
            self._request.url,
            data=self._request.body,
            timeout=self._transport.timeout,
            # Followed, a redirect would carry the key to wherever it points.
            allow_redirects=False,
            proxy=self._transport.route.proxy,
        )

    async def _guarded(self, awaitable: Awaitable[T]) -> T:
        try:
            return await awaitable
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            failure = connection_failure(error, self._host, self._transport.route.limits)
        # Raised out here, where it does not take along an error of aiohttp's, which may hold the headers.
        raise failure

    def _withheld(self, error: lm15.LM15Error) -> lm15.LM15Error:
        # The model's name stands before the messages, so it may be quoted.
        prompt = self._request.body.partition(b'"messages":')[2]
        line = withhold(error.message, prompt=prompt, key=self._transport.route.endpoint.key)
        return type(error)(
            line, status=error.status, provider_code=error.provider_code, retry_after=error.retry_after
        )

    @property
    def _host(self) -> str:
        return self._transport.route.endpoint.host

    @property
    def _model(self) -> str:
        return str(orjson.loads(self._request.body).get("model"))


def connection_failure(error: Exception, host: str, limits: Limits) -> lm15.LM15Error:
    """What went wrong on the way to a server, by what aiohttp raised."""
    if isinstance(error, aiohttp.ClientSSLError):
        return ConfigurationError(f"{host} offers no TLS connection that can be trusted ({_named(error)})")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return TimeoutError(f"no connection to {host} within {limits.connect_timeout:g} s")
    if isinstance(error, asyncio.TimeoutError):
        return TimeoutError(f"no answer from {host} within {limits.timeout:g} s")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return TransportError(f"the proxy does not connect to {host} (HTTP {error.status})")
    if isinstance(error, aiohttp.ClientConnectorError):
        what = f"the proxy for {host}" if isinstance(error, aiohttp.ClientProxyConnectionError) else host
        return TransportError(f"cannot connect to {what}: {_reason(error.os_error)}")
    return TransportError(f"the connection to {host} broke off ({_named(error)})")


def _named(error: Exception) -> str:
    return type(error).__name__


def _reason(error: OSError) -> str:
    # Failed name lookups have numbers of their own, below zero.
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or _named(error)
