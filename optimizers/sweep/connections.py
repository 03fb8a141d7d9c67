"""The language models of a sweep, each connected once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any

from csc_dspy.exceptions import ConfigError

from ..models import Models

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget, Price

    from .memory import Memory
    from .remembering import RememberingAdapter
    from .space import Values


@dataclass(frozen=True, slots=True)
class Connected:
    """A language model as a trial has it."""

    lm: dspy.LM
    models: Models
    adapter: RememberingAdapter

    @property
    def identity(self) -> dict[str, Any]:
        """What its answers depend on."""
        return self.models.identity

    @property
    def price(self) -> Price | None:
        """What its tokens cost, if that is known."""
        return self.models.price

    @contextmanager
    def in_force(self, *, trace: bool) -> Iterator[None]:
        """Ask this one inside of the block, in whatever thread that is."""
        import dspy

        from csc_dspy.lm import using

        with using(self.lm, trace=trace), dspy.context(adapter=self.adapter):
            yield


class Connections:
    """Language models by the parameters of trials; they share a budget."""

    def __init__(
        self, options: Mapping[str, Any], budget: Budget, memory: Memory, *, concurrency: int
    ) -> None:
        self._options = options
        self._memory = memory
        self._shared = {"budget": budget, "concurrency": concurrency}
        self._found: dict[tuple[str, float | None], Connected] = {}
        self._lock = Lock()

    def get(self, values: Values) -> Connected:
        """The language model of a trial; ConfigError if there is none."""
        key = (str(values["lm"]), values.get("temperature"))
        with self._lock:
            if key not in self._found:
                self._found[key] = self._connect(*key)
            return self._found[key]

    def __enter__(self) -> Connections:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._found.values():
            each.lm.engine.close()

    def _connect(self, spec: str, temperature: float | None) -> Connected:
        from csc_dspy.lm import connect

        from .remembering import RememberingAdapter

        models = models_of(spec, temperature, self._options)
        lm = connect(spec, **{**models.own_options, **self._shared})
        return Connected(lm, models, RememberingAdapter(self._memory, models.identity))


def models_of(spec: str, temperature: float | None, options: Mapping[str, Any]) -> Models:
    """A language model of the space, with the options of all."""
    own = {} if temperature is None else {"temperature": temperature}
    return Models(lm=spec, options={**options, **own})


def require_price(models: Models) -> None:
    """ConfigError if it is not known what a language model's tokens cost."""
    if models.price is None:
        raise ConfigError(
            "its price is not known, so what trials cost cannot be told",
            where=f"lm {models.spec}",
            remedy="give --price IN,OUT in US dollars for a million tokens",
        )
