"""The budget's layer around an engine that is handed tasks instead of prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from dspy.lm15 import Request, Response

from csc_dspy.lm.budget import Budget
from csc_dspy.lm.metered import Call, Terms
from csc_dspy.lm.structured import Answer, Demonstration, Task


class StructuredInner(Protocol):
    """A structured engine, which for DSPy's sake answers requests too."""

    def answer(
        self, model: str, task: Task, demonstrations: Sequence[Demonstration], inputs: Mapping[str, str]
    ) -> Answer:
        """Fill in the task's outputs."""
        ...

    def complete(self, request: Request) -> Response:
        """Answer one request."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class MeteredStructuredEngine:
    """Counts the calls of a structured engine and keeps them within the budget.

    It has no prompts that could be sent directly, so it does not declare itself ``direct``.
    """

    structured: Final = True

    def __init__(self, inner: StructuredInner, terms: Terms) -> None:
        self._inner = inner
        self._terms = terms
        self.asynchronous = AsyncMeteredStructuredEngine(self)

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        return self._terms.budget

    def answer(
        self, model: str, task: Task, demonstrations: Sequence[Demonstration], inputs: Mapping[str, str]
    ) -> Answer:
        """Fill in the task's outputs. Raises `csc_dspy.exceptions.LMError` for a task it cannot do."""
        call = Call(self._terms)
        with call:
            return call.given(self._inner.answer(model, task, demonstrations, inputs))
        raise call.failure

    def complete(self, request: Request) -> Response:
        """The answer to a request, for those who ask without our adapter."""
        call = Call(self._terms)
        with call:
            return call.answered(self._inner.complete(request))
        raise call.failure

    def close(self) -> None:
        """Close the engine."""
        self._inner.close()

    def __deepcopy__(self, memo: dict[int, Any]) -> MeteredStructuredEngine:
        return self


class AsyncMeteredStructuredEngine:
    """The same for event loops; it answers so quickly that there is nothing to wait for."""

    def __init__(self, engine: MeteredStructuredEngine) -> None:
        self._engine = engine

    async def complete(self, request: Request) -> Response:
        """The answer to a request, for those who ask without our adapter."""
        return self._engine.complete(request)

    async def aclose(self) -> None:
        """Close the engine."""
        self._engine.close()

    def __deepcopy__(self, memo: dict[int, Any]) -> AsyncMeteredStructuredEngine:
        return self
