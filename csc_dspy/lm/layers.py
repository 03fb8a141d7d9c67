"""What an engine has to be, for the layers that are put around it: the budget first, the cache over it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, Protocol

from dspy.lm15 import Request, Response

Events = Generator[Any, None, None]
"""lm15's events of an answer as it comes; closing early ends the call."""
AsyncEvents = AsyncGenerator[Any, None]


class AsyncLayer(Protocol):
    """The asynchronous side of a `Layer`."""

    async def complete(self, request: Request) -> Response:
        """Answer one request."""
        ...

    def stream(self, request: Request) -> AsyncEvents:
        """Answer one request piece by piece."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


class Layer(Protocol):
    """An engine, with or without layers around it."""

    @property
    def asynchronous(self) -> AsyncLayer:
        """The same for event loops."""
        ...

    def complete(self, request: Request) -> Response:
        """Answer one request."""
        ...

    def stream(self, request: Request) -> Events:
        """Answer one request piece by piece."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
