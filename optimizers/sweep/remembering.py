"""Questions that have been answered are not asked again, whichever trial asked them.

Many programs of a sweep ask the same: how much the prior counts, say, changes what becomes of an answer, and
not the question. So what is remembered is each question with its answer, and what it took. A turn is known as
soon as all its questions are.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from csc_dspy.journal import content_key
from csc_dspy.lm import Adapter, measuring
from csc_dspy.lm.flights import Flights
from csc_dspy.lm.measuring import Usage, record_call, record_probabilities, record_repair
from csc_dspy.lm.remembered import Remembered
from csc_dspy.lm.rendering import demonstrations_key

if TYPE_CHECKING:
    import dspy

    from .memory import Memory

Values = dict[str, Any]


@dataclass(slots=True)
class Effort:
    """What questions have taken."""

    asked: Usage = field(default_factory=Usage)
    """What was really asked for, and not remembered."""
    seconds: float = 0.0
    """The time of all questions when they were asked for the first time."""

    def add(self, asked: Usage, seconds: float) -> None:
        """Count a question."""
        self.asked.add(asked)
        self.seconds += seconds


_watching: ContextVar[tuple[Effort, ...]] = ContextVar("watching", default=())


@contextmanager
def watching() -> Iterator[Effort]:
    """Collect the effort of the block, in all threads and tasks that begin in it. Blocks nest."""
    effort = Effort()
    token = _watching.set((*_watching.get(), effort))
    try:
        yield effort
    finally:
        _watching.reset(token)


class RememberingAdapter(Adapter):
    """The adapter of one language model, which ``lm`` tells from others."""

    def __init__(self, memory: Memory, lm: object) -> None:
        super().__init__()
        self._memory = memory
        self._lm = content_key("lm", lm)
        self._known: Remembered[str] = Remembered(256)
        self._flights: Flights[list[Values]] = Flights()

    def __call__(
        self,
        lm: dspy.LM,
        lm_kwargs: Mapping[str, Any],
        signature: type[dspy.Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
    ) -> list[Values]:
        """The output values, remembered or asked for."""
        key = self._key(lm_kwargs, signature, demos, inputs)
        if (known := self._recall(key)) is not None:
            return known

        def ask() -> list[Values]:
            begun = time.perf_counter()
            with measuring() as measured:
                values = super(RememberingAdapter, self).__call__(lm, lm_kwargs, signature, demos, inputs)
            self._keep(key, values, measured, time.perf_counter() - begun)
            return values

        values, shared = self._flights.once(key.encode(), ask)
        return (shared and self._recall(key)) or values

    async def acall(
        self,
        lm: dspy.LM,
        lm_kwargs: Mapping[str, Any],
        signature: type[dspy.Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
    ) -> list[Values]:
        """The output values, remembered or asked for."""
        key = self._key(lm_kwargs, signature, demos, inputs)
        if (known := self._recall(key)) is not None:
            return known

        async def ask() -> list[Values]:
            begun = time.perf_counter()
            with measuring() as measured:
                values = await super(RememberingAdapter, self).acall(lm, lm_kwargs, signature, demos, inputs)
            self._keep(key, values, measured, time.perf_counter() - begun)
            return values

        values, shared = await self._flights.aonce(key.encode(), ask)
        return (shared and self._recall(key)) or values

    def _recall(self, key: str) -> list[Values] | None:
        known = self._memory.get(key)
        if known is None:
            return None
        usage = Usage(**known["usage"])
        record_call(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
        )
        for _ in range(usage.calls - 1):
            record_call()
        for _ in range(usage.repairs):
            record_repair()
        record_probabilities(known["probabilities"])
        _count(Usage(), known["seconds"])
        values: list[Values] = known["values"]
        return values

    def _keep(self, key: str, values: list[Values], measured: Any, seconds: float) -> None:  # noqa: ANN401
        _count(measured.usage, seconds)
        if all(isinstance(value, str) for each in values for value in each.values()):
            entry = {
                "values": values,
                "probabilities": measured.probabilities,
                "usage": asdict(measured.usage),
                "seconds": round(seconds, 4),
            }
            self._memory.put({key: entry})

    def _key(
        self,
        options: Mapping[str, Any],
        signature: type[dspy.Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
    ) -> str:
        asked = demonstrations_key(signature, demos)
        if asked is None:
            shown = _shown(signature, demos)
        else:
            shown = self._known.get(asked, lambda: _shown(signature, demos))
        return content_key(
            "question", self._lm, shown, sorted((name, repr(each)) for name, each in options.items()),
            {name: str(each) for name, each in inputs.items()},
        )  # fmt: skip


def _shown(signature: type[dspy.Signature], demos: Sequence[Mapping[str, Any]]) -> str:
    """What is the same in all questions of a predictor."""
    # Not the class: the signature of a program that was loaded is one of its own.
    fields = [
        (
            name,
            repr(each.annotation),
            sorted((key, repr(value)) for key, value in each.json_schema_extra.items()),
        )
        for name, each in signature.fields.items()
    ]
    told = [{name: str(value) for name, value in demo.items()} for demo in demos]
    return content_key(signature.instructions, fields, told)


def _count(asked: Usage, seconds: float) -> None:
    for each in _watching.get():
        each.add(asked, seconds)
