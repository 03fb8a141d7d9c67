"""The language models of a compilation: the one compiled for, and those that help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.lm.specs import EMBEDDED, LOCAL, Route, route

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget, Price
    from csc_dspy.lm.recorded import Record

_ADDRESSED: Final = ("api_base", "api_key_file", "price")
"""Options that hold for the server of the language model, not for that of a helper elsewhere."""
_ANSWERS: Final = ("temperature", "max_tokens", "logprobs")
"""Options that say how the language model is to answer; helpers write prompts."""


@dataclass(frozen=True, kw_only=True)
class Models:
    """Which language models to use; each a spec, or a ``dspy.LM``, which is neither recorded nor closed."""

    lm: str | dspy.LM = EMBEDDED
    prompt_lm: str | dspy.LM | None = None
    reflection_lm: str | dspy.LM | None = None
    teacher_lm: str | dspy.LM | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """Those of `csc_dspy.lm.connect`. An address, a key file and a price hold for helpers of the same
    provider too; beside the embedded engine, which has none, for all helpers."""

    @property
    def spec(self) -> str:
        """The language model by name."""
        return _spec(self.lm)

    @property
    def helpers(self) -> dict[str, str]:
        """The names of the helpers that are given, by their roles."""
        given = {
            "prompt_lm": self.prompt_lm,
            "reflection_lm": self.reflection_lm,
            "teacher_lm": self.teacher_lm,
        }
        return {role: _spec(lm) for role, lm in given.items() if lm is not None}

    @property
    def embedded(self) -> bool:
        """Whether the language model is the embedded engine, whose calls cost nothing."""
        return self.spec.partition("/")[0] == EMBEDDED

    @property
    def own_options(self) -> dict[str, Any]:
        """What the language model itself is connected with."""
        left_out = ("api_base", "api_key_file") if self.embedded else ()
        return {name: value for name, value in self.options.items() if name not in left_out}

    @property
    def identity(self) -> dict[str, Any]:
        """What answers depend on."""
        answering = {name: self.options.get(name) for name in ("api_base", *_ANSWERS)}
        return {"lm": self.spec, **self.helpers, **answering}

    @property
    def price(self) -> Price | None:
        """What tokens of the language model cost, if that is known."""
        from csc_dspy.lm.prices import FREE, listed_price

        if self.embedded:
            return FREE
        way = route(self.spec, self.options.get("api_base"))
        given: Price | None = self.options.get("price")
        return given or (listed_price(way.provider, way.model) if way.own_address else None)

    @contextmanager
    def open(self, budget: Budget, record: Record | None) -> Iterator[dict[str, dspy.LM]]:
        """Put the language model in force; the helpers are given by their roles."""
        from csc_dspy.lm import connect, using

        shared: dict[str, Any] = {"budget": budget, "record": record}
        with ExitStack() as stack:
            options = {**self.own_options, **shared} if isinstance(self.lm, str) else {}
            stack.enter_context(using(self.lm, trace=True, **options))
            helpers: dict[str, dspy.LM] = {}
            for role in self.helpers:
                given = getattr(self, role)
                if isinstance(given, str):
                    helpers[role] = connect(given, **self._options_for(given), **shared)
                    stack.callback(helpers[role].engine.close)
                else:
                    helpers[role] = given
            yield helpers

    def _options_for(self, helper: str) -> dict[str, Any]:
        """What a helper is connected with."""
        left_out = _ANSWERS if self._at_same_server(helper) else (*_ANSWERS, *_ADDRESSED)
        return {name: value for name, value in self.options.items() if name not in left_out}

    def _at_same_server(self, helper: str) -> bool:
        base = self.options.get("api_base")
        if helper.partition("/")[0] == EMBEDDED:
            return False
        theirs: Route = route(helper, base)
        return self.embedded or theirs.provider == route(self.spec, base).provider


def told(spec: str) -> str:
    """A language model's name as an artifact may have it: of one that is a path on this machine, the end."""
    if spec.startswith(LOCAL):
        return f"{LOCAL}{told(spec.removeprefix(LOCAL))}"
    provider, slash, model = spec.partition("/")
    if spec.startswith(("/", "~", ".")):
        return spec.rsplit("/", 1)[-1]
    local = slash and model.startswith(("/", "~", "."))
    return f"{provider}/{model.rsplit('/', 1)[-1]}" if local else spec


def _spec(lm: str | dspy.LM) -> str:
    return lm if isinstance(lm, str) else str(lm.model)
