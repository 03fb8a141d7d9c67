"""A call from beginning to end: its turn, its attempts, the waits between them, and the account of it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from dspy import lm15
from dspy.clients.engines.base import validate_request

from .backoff import Backoff
from .connections import Connection, Connections
from .errors import is_worth_retrying
from .fuse import Fuse
from .likelihoods import Likelihoods
from .limiter import AdaptiveLimiter
from .statistics import Statistics, Tally
from .transport import Route

T = TypeVar("T")


class Calls:
    """All calls of one engine in one process, from whatever thread or event loop they come."""

    def __init__(self, route: Route, compat: lm15.OpenAIChatCompat) -> None:
        self._route = route
        self._most_attempts = route.limits.attempts
        self._backoff = Backoff(route.limits)
        self._limiter = AdaptiveLimiter(route.limits.concurrency)
        self._fuse = Fuse()
        self._tally = Tally()
        self._orders = itertools.count()
        self._likelihoods = Likelihoods(route.endpoint.host)
        self.connections = Connections(route, compat)

    @property
    def statistics(self) -> Statistics:
        """What has been done so far."""
        limiter = self._limiter
        return self._tally.summary(limit=limiter.limit, in_flight=limiter.in_flight, waiting=limiter.waiting)

    async def complete(self, request: lm15.Request) -> lm15.Response:
        """The answer to a request."""
        begun = time.perf_counter()
        request = self._addressed(request)
        response = await self._until_it_works(request, Connection.complete)
        self._limiter.release()
        self._tally.over(time.perf_counter() - begun, response.usage)
        return response

    async def stream(self, request: lm15.Request) -> AsyncGenerator[Any, None]:
        """The answer to a request as it comes, in lm15's events.

        It is tried again only while nothing of it was there.
        """
        begun = time.perf_counter()
        request = self._addressed(request)
        first, rest = await self._until_it_works(request, _opened)
        usage = failure = None
        try:
            async with aclosing(rest):
                yield first
                async for event in rest:
                    if event.type == "end":
                        usage = event.usage
                    yield event
        except lm15.LM15Error as error:
            failure = error
            raise
        finally:
            self._limiter.release()
            self._tally.over(time.perf_counter() - begun, usage, failure)

    async def _until_it_works(
        self, request: lm15.Request, attempt: Callable[[Connection, lm15.Request], Awaitable[T]]
    ) -> T:
        """The result of the first attempt that succeeds, with the turn still taken."""
        begun = time.perf_counter()
        order = next(self._orders)
        try:
            for attempts in itertools.count(1):
                self._fuse.check(request.model)
                period = await self._limiter.acquire(order)
                asked = self._likelihoods.told(request)
                try:
                    # It may have blown while this call waited.
                    self._fuse.check(request.model)
                    result = await attempt(await self.connections.here(), asked)
                except lm15.LM15Error as error:
                    self._limiter.release()
                    failure = error
                except BaseException:
                    self._limiter.release()
                    raise
                else:
                    self._limiter.succeeded()
                    return result
                if self._likelihoods.refused(asked, failure):
                    self._tally.retried()
                    continue
                await asyncio.sleep(self._wait_after(failure, request.model, attempts, period))
        except lm15.LM15Error as error:
            self._tally.over(time.perf_counter() - begun, failure=error)
            raise
        raise AssertionError("attempts end by succeeding or failing")

    def _wait_after(self, failure: lm15.LM15Error, model: str, attempts: int, period: int) -> float:
        """Seconds until the next attempt. Raises the failure if there is to be none."""
        self._fuse.note(failure, model)
        if isinstance(failure, lm15.RateLimitError):
            self._tally.was_throttled()
            self._limiter.throttled(period)
            if failure.retry_after is not None:
                self._limiter.pause(self._backoff.asked(failure.retry_after))
        if attempts >= self._most_attempts or not is_worth_retrying(failure):
            raise failure
        self._tally.retried()
        return self._backoff.wait(attempts, failure.retry_after)

    def _addressed(self, request: lm15.Request) -> lm15.Request:
        validate_request(request)
        model = self._route.endpoint.wire_model(request.model)
        return request if model == request.model else replace(request, model=model)


async def _opened(connection: Connection, request: lm15.Request) -> tuple[Any, AsyncGenerator[Any, None]]:
    """The first event of a stream, and the rest of it."""
    events = connection.stream(request)
    try:
        return await anext(events), events
    except BaseException:
        await events.aclose()
        raise
