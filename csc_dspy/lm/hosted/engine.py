"""The engine that DSPy is given, in its synchronous and its asynchronous form."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import weakref
from collections.abc import AsyncGenerator, Generator
from typing import Any, Final

from dspy import lm15

from .calls import Calls
from .connections import Connections
from .dialects import compat_of
from .endpoint import Endpoint, proxy_for
from .errors import ClosedError
from .limits import Limits
from .loop_thread import LoopThread
from .statistics import Statistics
from .transport import Route


class _Process:
    """What an engine has in one process. A forked one gets its own, and leaves its parent's alone."""

    def __init__(self, route: Route, compat: lm15.OpenAIChatCompat) -> None:
        self.calls = Calls(route, compat)
        self.thread = LoopThread()
        # Also at the end of the interpreter.
        self.close = weakref.finalize(self, _end, os.getpid(), self.thread, self.calls.connections)


def _end(process: int, thread: LoopThread, connections: Connections) -> None:
    if process == os.getpid():
        thread.stop()
        connections.close_all()
    else:
        # Sockets and selectors are shared with the parent, so closing them here would cut its connections.
        # A reference that is never given back keeps them from being closed by the end of this process.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object((thread, connections)))


class HostedEngine:
    """Asks an OpenAI-compatible server, many calls at a time, from any number of threads and event loops.

    ::

        engine = HostedEngine(Endpoint(api_base="http://localhost:8000/v1", prefix="openai/"))
        lm = dspy.LM("openai/qwen3", engine=engine, async_engine=engine.asynchronous, num_retries=0)

    The engine tries failed calls again by itself, so DSPy must not: ``num_retries=0``. A refused key, an
    empty account or an unknown model is final: from then on such calls fail at once, unsent, with the same
    error.
    """

    direct = True
    """It may be called without DSPy's layer: it does all that the layer does."""
    supported_params: Final = frozenset(
        {
            *("temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed", "stream"),
            *("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "response_format"),
        }
    )

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None) -> None:
        self.endpoint = endpoint
        self.limits = limits or Limits()
        self.supports_response_schema = endpoint.json_schema
        self.asynchronous = AsyncHostedEngine(self)
        self._route = Route(endpoint, self.limits, proxy_for(endpoint))
        self._compat = compat_of(endpoint)
        self._processes: dict[int, _Process] = {}

    def __repr__(self) -> str:
        return f"HostedEngine({self.endpoint.api_base!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> HostedEngine:
        # Copies of a program share its engine, as they share the server.
        return self

    @property
    def statistics(self) -> Statistics:
        """What has been done so far, in this process."""
        return self.process().calls.statistics

    def complete(self, request: lm15.Request) -> lm15.Response:
        """The answer to a request. Raises one of lm15's errors."""
        process = self.process()
        return process.thread.run(process.calls.complete(request))

    def stream(self, request: lm15.Request) -> Generator[Any, None, None]:
        """The answer as it comes, in lm15's events; closing the iterator early closes the connection."""
        process = self.process()
        events = process.calls.stream(request)

        async def following() -> Any:  # noqa: ANN401  any of lm15's event classes
            return await anext(events, None)

        try:
            while (event := process.thread.run(following())) is not None:
                yield event
        finally:
            # With the thread ended, the stream has ended too.
            with contextlib.suppress(ClosedError):
                process.thread.run(events.aclose())

    def close(self) -> None:
        """Close all connections. Calls under way fail, and so does every later one."""
        self.process().close()

    def process(self) -> _Process:
        """What belongs to this process."""
        found = self._processes.get(os.getpid())
        return found or self._processes.setdefault(os.getpid(), _Process(self._route, self._compat))


class AsyncHostedEngine:
    """The same engine for event loops: each has connections of its own, and all share limits and counts."""

    direct = True

    def __init__(self, engine: HostedEngine) -> None:
        self._engine = engine

    def __deepcopy__(self, memo: dict[int, Any]) -> AsyncHostedEngine:
        return self

    async def complete(self, request: lm15.Request) -> lm15.Response:
        """The answer to a request. Raises one of lm15's errors."""
        return await self._engine.process().calls.complete(request)

    def stream(self, request: lm15.Request) -> AsyncGenerator[Any, None]:
        """The answer as it comes, in lm15's events; closing the iterator early closes the connection."""
        return self._engine.process().calls.stream(request)

    async def aclose(self) -> None:
        """Close all connections. Calls under way fail, and so does every later one."""
        await self._engine.process().calls.connections.close_here()
        await asyncio.to_thread(self._engine.close)
