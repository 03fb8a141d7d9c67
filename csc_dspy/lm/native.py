"""DSPy's own engines, for providers that speak a protocol of their own: made patient, and counted alike."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from typing import Any, Final

from dspy import lm15
from dspy.clients.engines import AsyncLiteLLMEngine, AsyncLM15Engine, LiteLLMEngine, LM15Engine

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.hosted.backoff import Backoff
from csc_dspy.lm.hosted.endpoint import Endpoint
from csc_dspy.lm.hosted.errors import is_worth_retrying
from csc_dspy.lm.hosted.limits import Limits
from csc_dspy.lm.keys import Secret, no_key
from csc_dspy.lm.layers import AsyncEvents, Events
from csc_dspy.lm.specs import Route

# Providers that count some tokens apart which all others count among the input or the output.
_CACHED_APART: Final = frozenset({"anthropic"})
_REASONING_APART: Final = frozenset({"gemini", "xai"})

# Seconds. A call that waits for a connection to be free is not stuck, however many there are before it.
_PATIENCE_FOR_A_TURN: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Makers:
    """How to make an engine of DSPy's, for threads and for one event loop."""

    synchronous: Callable[[], Any]
    asynchronous: Callable[[], Any]


class NativeEngine:
    """An engine of DSPy's that tries again by itself when a failure may pass."""

    def __init__(self, makers: Makers, provider: str, limits: Limits) -> None:
        self._makers = makers
        self._provider = provider
        self._most_attempts = limits.attempts
        self._backoff = Backoff(limits)
        self._lock = threading.Lock()
        self._engine = makers.synchronous()
        self.asynchronous = AsyncNativeEngine(self, makers)
        self.retries = 0
        """Attempts after the first, of all calls together."""

    def complete(self, request: lm15.Request) -> lm15.Response:
        """The answer to a request. Raises one of lm15's errors."""
        for attempt in itertools.count(1):
            try:
                return self.counted(self._engine.complete(request))
            except lm15.LM15Error as error:
                wait = self.wait_after(error, attempt)
            time.sleep(wait)
        raise AssertionError("attempts end by succeeding or failing")

    def stream(self, request: lm15.Request) -> Events:
        """The answer as it comes. It is tried again only while nothing of it was there."""
        for attempt in itertools.count(1):
            with closing(self._engine.stream(request)) as events:
                try:
                    first = next(events)
                except lm15.LM15Error as error:
                    wait = self.wait_after(error, attempt)
                else:
                    yield self.counted(first)
                    yield from map(self.counted, events)
                    return
            time.sleep(wait)

    def close(self) -> None:
        """Close the connections of threads; those of an event loop close when it ends."""
        self._engine.close()

    def wait_after(self, error: lm15.LM15Error, attempt: int) -> float:
        """Seconds until the next attempt. Raises the error if there is to be none."""
        if attempt >= self._most_attempts or not is_worth_retrying(error):
            raise error
        with self._lock:
            self.retries += 1
        return self._backoff.wait(attempt, error.retry_after)

    def counted(self, answer: Any) -> Any:  # noqa: ANN401 - a response or any event of a stream
        """The answer with tokens counted as OpenAI does: cached ones are input, reasoning is output."""
        usage = getattr(answer, "usage", None)
        if usage is None:
            return answer
        if self._provider in _CACHED_APART and usage.input_tokens is not None:
            cached = (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
            counted = replace(usage, input_tokens=usage.input_tokens + cached, total_tokens=None)
        elif self._provider in _REASONING_APART and usage.output_tokens is not None:
            reasoning = usage.reasoning_tokens or 0
            counted = replace(usage, output_tokens=usage.output_tokens + reasoning, total_tokens=None)
        else:
            return answer
        return replace(answer, usage=counted)


class AsyncNativeEngine:
    """The same engine for event loops. Each has connections of its own, which close when it ends."""

    def __init__(self, engine: NativeEngine, makers: Makers) -> None:
        self._engine = engine
        self._makers = makers
        self._open: dict[asyncio.AbstractEventLoop, tuple[Any, AsyncGenerator[None, None]]] = {}

    async def complete(self, request: lm15.Request) -> lm15.Response:
        """The answer to a request. Raises one of lm15's errors."""
        here = await self._here()
        for attempt in itertools.count(1):
            try:
                response: lm15.Response = self._engine.counted(await here.complete(request))
            except lm15.LM15Error as error:
                wait = self._engine.wait_after(error, attempt)
            else:
                return response
            await asyncio.sleep(wait)
        raise AssertionError("attempts end by succeeding or failing")

    async def stream(self, request: lm15.Request) -> AsyncEvents:
        """The answer as it comes. It is tried again only while nothing of it was there."""
        here = await self._here()
        for attempt in itertools.count(1):
            async with aclosing(here.stream(request)) as events:
                try:
                    first = await anext(events)
                except lm15.LM15Error as error:
                    wait = self._engine.wait_after(error, attempt)
                else:
                    yield self._engine.counted(first)
                    async for event in events:
                        yield self._engine.counted(event)
                    return
            await asyncio.sleep(wait)

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        found = self._open.get(asyncio.get_running_loop())
        if found is not None:
            await found[1].aclose()

    async def _here(self) -> Any:  # noqa: ANN401 - either of DSPy's engines
        loop = asyncio.get_running_loop()
        found = self._open.get(loop)
        if found is not None:
            return found[0]
        engine = self._makers.asynchronous()
        lifetime = self._lifetime(loop, engine)
        self._open[loop] = engine, lifetime
        # An event loop closes its asynchronous generators before it ends, and with this one the connections.
        await anext(lifetime)
        return engine

    async def _lifetime(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Any,  # noqa: ANN401 - either of DSPy's engines
    ) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._open.pop(loop, None)
            await engine.aclose()


def lm15_engine(route: Route, key: Secret | None, limits: Limits) -> tuple[NativeEngine, str]:
    """DSPy's engine for a provider it speaks to by itself, and the address it goes to."""
    provider = LM15Engine(lm15.RouterConfig(env={})).resolve(route.spec).provider
    config = lm15.RouterConfig(
        api_keys={provider: key.reveal()} if key else None,
        base_urls={provider: _address(route)} if route.api_base else None,
        timeouts=lm15.Timeouts(
            connect=limits.connect_timeout,
            read=limits.timeout,
            write=limits.timeout,
            pool=_PATIENCE_FOR_A_TURN,
        ),
        max_connections=limits.concurrency,
    )
    makers = Makers(lambda: LM15Engine(config), lambda: AsyncLM15Engine(config))
    return NativeEngine(makers, route.provider, limits), _checked(route, config, provider)


def litellm_engine(route: Route, key: Secret | None, limits: Limits) -> NativeEngine:
    """DSPy's engine for every other provider, which finds the address by itself."""
    # Else the import fetches a list of prices from the network.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    missing = [] if key else litellm.validate_environment(model=route.spec)["missing_keys"]
    # Cloud providers find their credentials in more places than the environment.
    if missing and all(name.endswith("_API_KEY") for name in missing):
        raise no_key(route.spec, missing)
    options: dict[str, Any] = {"timeout": limits.timeout}
    if key:
        options["api_key"] = key.reveal()
    makers = Makers(lambda: LiteLLMEngine(**options), lambda: AsyncLiteLLMEngine(**options))
    return NativeEngine(makers, route.provider, limits)


def _checked(route: Route, config: lm15.RouterConfig, provider: str) -> str:
    """The address, once it is sure that a call could be made."""
    router = lm15.LMRouter(config)
    try:
        return str(router.lm(f"{provider}:{route.model}").base_url)
    except lm15.MissingCredentialError as error:
        raise no_key(route.spec, error.env_keys) from None
    except lm15.ConfigurationError as error:
        problem, _, _ = error.message.partition("\n\n")
        raise ConfigError(problem, where=f"--lm {route.spec}") from None
    finally:
        router.close()


def _address(route: Route) -> str:
    assert route.api_base is not None
    checked = Endpoint(api_base=route.api_base).api_base
    # Elsewhere the address given is the whole of it, not one that may lack the usual path.
    return checked if route.provider == "anthropic" else route.api_base.rstrip("/")
