"""The layer that asks the budget for leave before every call and tells it what the call took."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from dspy.lm15 import LM15Error, Request, Response, Usage

from csc_dspy.exceptions import BudgetError
from csc_dspy.lm.budget import Budget, Tokens
from csc_dspy.lm.failures import CallError, SpentError, call_error
from csc_dspy.lm.keys import Secret
from csc_dspy.lm.layers import AsyncEvents, AsyncLayer, Events, Layer
from csc_dspy.lm.measuring import record_cost
from csc_dspy.lm.prices import Price

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """What every call of an engine is counted by."""

    spec: str
    """As errors name the language model."""
    budget: Budget
    price: Price | None
    """None if it is not known."""
    key: Secret | None = None
    """Struck out of what servers say."""


class MeteredEngine:
    """Counts the calls of an engine and keeps them within the budget.

    Raises `csc_dspy.exceptions.LMError` for every call that is not answered.
    """

    direct: Final = True

    def __init__(self, inner: Layer, terms: Terms, retries: Callable[[], int] = lambda: 0) -> None:
        self._inner = inner
        self._terms = terms
        self._retries = retries
        terms.budget.watch(retries)
        self.asynchronous = AsyncMeteredEngine(self, inner.asynchronous, terms)

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        return self._terms.budget

    @property
    def price(self) -> Price | None:
        """What its tokens cost, if that is known."""
        return self._terms.price

    def complete(self, request: Request) -> Response:
        """The answer to a request."""
        call = Call(self._terms)
        with call:
            return call.answered(self._inner.complete(request))
        raise call.failure

    def stream(self, request: Request) -> Events:
        """The answer as it comes."""
        call = Call(self._terms)
        with call:
            with closing(self._inner.stream(request)) as events:
                for event in events:
                    yield call.seen(event)
            return
        raise call.failure

    def close(self) -> None:
        """Close the engine."""
        self.settle()
        self._inner.close()

    def settle(self) -> None:
        """Take over the last of the account before the engine is closed."""
        self._terms.budget.settle(self._retries)

    def __deepcopy__(self, memo: dict[int, Any]) -> MeteredEngine:
        return self


class AsyncMeteredEngine:
    """The same for event loops."""

    direct: Final = True

    def __init__(self, whole: MeteredEngine, inner: AsyncLayer, terms: Terms) -> None:
        self._whole = whole
        self._inner = inner
        self._terms = terms

    async def complete(self, request: Request) -> Response:
        """The answer to a request."""
        call = Call(self._terms)
        with call:
            return call.answered(await self._inner.complete(request))
        raise call.failure

    async def stream(self, request: Request) -> AsyncEvents:
        """The answer as it comes."""
        call = Call(self._terms)
        with call:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    yield call.seen(event)
            return
        raise call.failure

    async def aclose(self) -> None:
        """Close the engine."""
        self._whole.settle()
        await self._inner.aclose()

    def __deepcopy__(self, memo: dict[int, Any]) -> AsyncMeteredEngine:
        return self


class Call:
    """One call, for the length of a ``with``. Swallows the engine's error: what to raise is in ``failure``.

    Raised outside of the block, it does not take the engine's own error along, which may quote the key.
    """

    failure: CallError

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._usage: Usage | None = None

    def answered(self, response: Response) -> Response:
        """The response, whose tokens are noted."""
        self._usage = response.usage
        return response

    def given(self, answer: T) -> T:
        """An answer that took no tokens."""
        self._usage = Usage()
        return answer

    def seen(self, event: Any) -> Any:  # noqa: ANN401 - any of lm15's events
        """The event; the tokens of the last one are noted."""
        if event.type == "end":
            self._usage = event.usage or Usage()
        return event

    def __enter__(self) -> None:
        try:
            self._terms.budget.begin()
        except BudgetError as error:
            raise SpentError(error.problem, where=error.where, remedy=error.remedy) from None
        self._begun = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        seconds = time.perf_counter() - self._begun
        if self._usage is None:
            self._terms.budget.failed(seconds)
        else:
            tokens, price = tokens_of(self._usage), self._terms.price
            self._terms.budget.answered(tokens, price, seconds)
            record_cost(price.of(tokens.input, tokens.cached, tokens.output) if price else None)
        if not isinstance(error, LM15Error):
            return False
        self.failure = call_error(error, self._terms.spec, self._terms.key)
        return True


def tokens_of(usage: Usage) -> Tokens:
    """The tokens that an answer reports."""
    return Tokens(
        input=usage.input_tokens or 0,
        output=usage.output_tokens or 0,
        cached=usage.cache_read_tokens or 0,
        reasoning=usage.reasoning_tokens or 0,
    )
