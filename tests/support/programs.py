"""Programs to be held to what all of them promise, and the ways to ask one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import dspy

from csc_dspy.lm import Adapter, Budget
from csc_dspy.lm.metered import MeteredEngine, Terms
from csc_dspy.programs import PROGRAMS, Options, Program, StreamItem, SupportPrediction, create
from csc_dspy.taxonomy import LANGUAGES, Language, Stage, Strategy, Taxonomy, load_taxonomy
from tests.support.engines import new_engine

CALLS: Final = {
    "stage-tracker": 1,
    "strategy-classifier": 1,
    "strategy-predictor": 1,
    "response-writer": 1,
    "support-agent": 3,
    "support-agent-joint": 1,
}
"""How often each program asks the language model for one answer."""
DECIDES: Final = {
    "stage-tracker": {"stage"},
    "strategy-classifier": {"stage", "strategy"},
    "strategy-predictor": {"stage", "strategy"},
    "response-writer": {"stage", "strategy", "response"},
    "support-agent": {"stage", "strategy", "response"},
    "support-agent-joint": {"stage", "strategy", "response"},
}
ASKS_FOR_STAGE: Final = ("stage-tracker", "support-agent", "support-agent-joint")
WRITES: Final = ("response-writer", "support-agent", "support-agent-joint")
SPOKEN: Final = {
    "en": ("Hello, how can I help?", "My card was swallowed!", "May I have your name?"),
    "zh": ("您好，请问有什么可以帮您？", "我的卡被吞了！", "请问您怎么称呼？"),
}


@dataclass(frozen=True)
class Case:
    """A program in a language, under a taxonomy, with or without reasoning."""

    name: str
    language: Language
    taxonomy_id: str
    reasoning: bool = False

    def __str__(self) -> str:
        reasoning = ["reasoning"] * self.reasoning
        return " ".join([self.name, self.language, self.taxonomy_id, *reasoning])

    @property
    def taxonomy(self) -> Taxonomy:
        return load_taxonomy(self.taxonomy_id)

    def program(self, **options: Any) -> Program:  # noqa: ANN401  each option has its own type
        built = {"language": self.language, "taxonomy": self.taxonomy, "reasoning": self.reasoning}
        return create(self.name, Options(**built | options))

    @property
    def history(self) -> list[dict[str, str]]:
        """A labelled greeting and the customer's answer."""
        greeting, problem, _ = SPOKEN[self.language]
        label = self.taxonomy.strategies[0].id
        return [
            {"speaker": "supporter", "strategy": label, "text": greeting},
            {"speaker": "customer", "text": problem},
        ]

    @property
    def inputs(self) -> dict[str, Any]:
        """What the program needs besides a history."""
        return {
            "strategy-classifier": {"turn": SPOKEN[self.language][2]},
            "response-writer": {"strategy": self.taxonomy.strategies[3].id},
        }.get(self.name, {})

    def labels(self, name: str) -> Stage | Strategy:
        """The member of the taxonomy with this name in the case's language."""
        members: tuple[Stage | Strategy, ...] = (*self.taxonomy.strategies, *self.taxonomy.stages)
        return next(each for each in members if each.name[self.language] == name)


CASES: Final = [
    Case(*each) for each in itertools.product(PROGRAMS, LANGUAGES, ("copc", "esconv"), (False, True))
]
PLAIN_CASES: Final = [case for case in CASES if not case.reasoning]
_TURNS: Final[list[tuple[Language, str]]] = [
    ("zh", "copc"),
    ("en", "esconv"),
    ("en", "copc"),
    ("zh", "esconv"),
]
# Each program once, both languages and both taxonomies among them: for what depends on neither.
FEW_CASES: Final = [Case(name, *turn) for name, turn in zip(PROGRAMS, itertools.cycle(_TURNS), strict=False)]

Ask = Callable[..., SupportPrediction]


def call(program: Program, **inputs: Any) -> SupportPrediction:  # noqa: ANN401  each input has its own type
    answer: SupportPrediction = program(**inputs)
    return answer


def acall(program: Program, **inputs: Any) -> SupportPrediction:  # noqa: ANN401  see above
    answer: SupportPrediction = asyncio.run(program.acall(**inputs))
    return answer


def streamed(program: Program, **inputs: Any) -> list[StreamItem]:  # noqa: ANN401  see above
    with closing(program.stream(**inputs)) as items:
        return list(items)


def astreamed(program: Program, **inputs: Any) -> list[StreamItem]:  # noqa: ANN401  see above
    async def collected() -> list[StreamItem]:
        async with aclosing(program.astream(**inputs)) as items:
            return [item async for item in items]

    return asyncio.run(collected())


def stream(program: Program, **inputs: Any) -> SupportPrediction:  # noqa: ANN401  see above
    return last(streamed(program, **inputs))


def astream(program: Program, **inputs: Any) -> SupportPrediction:  # noqa: ANN401  see above
    return last(astreamed(program, **inputs))


def last(items: list[StreamItem]) -> SupportPrediction:
    """The whole prediction of a stream, whose text is that of the pieces."""
    final = items[-1]
    assert isinstance(final, SupportPrediction)
    assert "".join(item for item in items if isinstance(item, str)) == (final.response or "")
    return final


WAYS: Final[dict[str, Ask]] = {"call": call, "acall": acall, "stream": stream, "astream": astream}
TWO_WAYS: Final[dict[str, Ask]] = {"call": call, "astream": astream}
"""Where all four would show nothing more: threads and an event loop, a whole answer and a stream."""


class Addressed(Protocol):
    """A server that has an address."""

    @property
    def url(self) -> str: ...


@contextmanager
def impatient(server: Addressed, model: str = "openai/test", **limits: Any) -> Iterator[dspy.LM]:  # noqa: ANN401  see above
    """A language model at ``server`` that does not wait long before it tries again, in force."""
    inner = new_engine(api_base=server.url, prefix="openai/", **limits)
    with closing(MeteredEngine(inner, Terms(model, Budget(), None))) as engine:
        lm = dspy.LM(
            model,
            cache=False,
            num_retries=0,
            temperature=0.0,
            engine=engine,
            async_engine=engine.asynchronous,
        )
        with dspy.context(lm=lm, adapter=Adapter()):
            yield lm
