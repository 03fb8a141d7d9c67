"""A small engine that answers by itself: what is needed to see how often and with what it is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from dspy.lm15 import Config, FinishReason, Message, Request, Response, Usage, response_to_events

INPUT_TOKENS = 10
OUTPUT_TOKENS = 4


def request(text: str = "hello", **config: object) -> Request:
    return Request(
        model="openai/small",
        messages=(Message.user(text),),
        config=Config(**{"temperature": 0.0, **config}),
    )


class SmallEngine:
    """Answers "answer 1", "answer 2", and so on; ``before`` is called with the number before each answer."""

    def __init__(
        self, finish_reason: FinishReason = "stop", before: Callable[[int], None] | None = None
    ) -> None:
        self.asked: list[Request] = []
        self.closed = False
        self.asynchronous = AsyncSmallEngine(self)
        self._finish_reason = finish_reason
        self._before = before
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        number = self.note(request)
        if self._before is not None:
            self._before(number)
        return self.answer(number)

    def stream(self, request: Request) -> Generator[Any, None, None]:
        yield from response_to_events(self.complete(request))

    def close(self) -> None:
        self.closed = True

    def note(self, request: Request) -> int:
        with self._lock:
            self.asked.append(request)
            return len(self.asked)

    def answer(self, number: int) -> Response:
        return Response(
            id=None,
            model="small",
            message=Message.assistant(f"answer {number}"),
            finish_reason=self._finish_reason,
            usage=Usage(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS),
        )


class AsyncSmallEngine:
    def __init__(self, engine: SmallEngine) -> None:
        self._engine = engine

    async def complete(self, request: Request) -> Response:
        number = self._engine.note(request)
        await asyncio.sleep(0.01)
        return self._engine.answer(number)

    async def stream(self, request: Request) -> AsyncGenerator[Any, None]:
        for event in response_to_events(await self.complete(request)):
            yield event

    async def aclose(self) -> None:
        self._engine.close()
