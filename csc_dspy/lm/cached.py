"""The layer that answers from the cache, and makes identical calls at the same time only once."""

from __future__ import annotations

from contextlib import aclosing, closing
from typing import Any, Final

from dspy.lm15 import Request, Response, materialize_response, response_to_events

from csc_dspy.lm.budget import Budget
from csc_dspy.lm.cache import ResponseCache, key_of, return_cache, without_usage
from csc_dspy.lm.layers import AsyncEvents, Events
from csc_dspy.lm.metered import AsyncMeteredEngine, MeteredEngine
from csc_dspy.lm.recorded import AsyncRecordedEngine, RecordedEngine

_WHOLE: Final = frozenset({"stop", "tool_call"})
"""How an answer ends that is worth keeping: not by running out of tokens, nor by a refusal."""


class CachedEngine:
    """Answers from a borrowed cache, which `close` returns, and asks the engine for what is not there.

    ``fingerprint`` is what answers depend on besides the request: whom it goes to, and where.
    """

    direct: Final = True

    def __init__(self, inner: MeteredEngine | RecordedEngine, cache: ResponseCache, fingerprint: str) -> None:
        self._inner = inner
        self._memory = _Memory(cache, fingerprint, inner.budget)
        self.asynchronous = AsyncCachedEngine(inner.asynchronous, self._memory)

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        return self._inner.budget

    def complete(self, request: Request) -> Response:
        """The answer to a request."""
        memory = self._memory
        key = memory.key(request)

        def answer() -> Response:
            return memory.find(key) or memory.keep(key, self._inner.complete(request))

        if not _is_repeatable(request):
            return answer()
        response, shared = memory.cache.flights.once(key, answer)
        return memory.spared(response) if shared else response

    def stream(self, request: Request) -> Events:
        """The answer as it comes, or at once if it is there."""
        memory = self._memory
        key = memory.key(request)
        found = memory.find(key)
        if found is not None:
            yield from response_to_events(found)
            return
        seen = []
        with closing(self._inner.stream(request)) as events:
            for event in events:
                seen.append(event)
                yield event
        memory.keep(key, materialize_response(iter(seen), request))

    def close(self) -> None:
        """Close the engine, and write what is not on disk yet."""
        self._inner.close()
        self._memory.give_back()

    def __deepcopy__(self, memo: dict[int, Any]) -> CachedEngine:
        return self


class AsyncCachedEngine:
    """The same for event loops."""

    direct: Final = True

    def __init__(self, inner: AsyncMeteredEngine | AsyncRecordedEngine, memory: _Memory) -> None:
        self._inner = inner
        self._memory = memory

    async def complete(self, request: Request) -> Response:
        """The answer to a request."""
        memory = self._memory
        key = memory.key(request)

        async def answer() -> Response:
            return memory.find(key) or memory.keep(key, await self._inner.complete(request))

        if not _is_repeatable(request):
            return await answer()
        response, shared = await memory.cache.flights.aonce(key, answer)
        return memory.spared(response) if shared else response

    async def stream(self, request: Request) -> AsyncEvents:
        """The answer as it comes, or at once if it is there."""
        memory = self._memory
        key = memory.key(request)
        found = memory.find(key)
        if found is not None:
            for event in response_to_events(found):
                yield event
            return
        seen = []
        async with aclosing(self._inner.stream(request)) as events:
            async for event in events:
                seen.append(event)
                yield event
        memory.keep(key, materialize_response(iter(seen), request))

    async def aclose(self) -> None:
        """Close the engine, and write what is not on disk yet."""
        await self._inner.aclose()
        self._memory.give_back()

    def __deepcopy__(self, memo: dict[int, Any]) -> AsyncCachedEngine:
        return self


class _Memory:
    """The cache as one engine uses it."""

    def __init__(self, cache: ResponseCache, fingerprint: str, budget: Budget) -> None:
        self.cache = cache
        self._fingerprint = fingerprint
        self._budget = budget
        self._borrowed = True

    def key(self, request: Request) -> bytes:
        return key_of(self._fingerprint, request)

    def find(self, key: bytes) -> Response | None:
        # Once it is given back, others may still use it.
        found = self.cache.get(key) if self._borrowed else None
        if found is not None:
            self._budget.spared()
        return found

    def keep(self, key: bytes, response: Response) -> Response:
        if response.finish_reason in _WHOLE:
            self.cache.put(key, response)
        return response

    def spared(self, response: Response) -> Response:
        self._budget.spared()
        return without_usage(response)

    def give_back(self) -> None:
        if self._borrowed:
            self._borrowed = False
            return_cache(self.cache)


def _is_repeatable(request: Request) -> bool:
    return request.config.temperature == 0
