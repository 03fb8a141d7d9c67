"""The engine itself: tasks in, answers out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import LMError
from csc_dspy.lm.embedded.features import CONVERSATION
from csc_dspy.lm.embedded.generic import generic_reply
from csc_dspy.lm.embedded.learner import Learner, from_descriptions, nearest, rows_of
from csc_dspy.lm.embedded.transcript import read_transcript
from csc_dspy.lm.structured import Answer, Demonstration, OutputField, Task

if TYPE_CHECKING:
    from dspy.lm15 import Request, Response

_STRATEGY: Final = "strategy"
_RESPONSE: Final = "response"
_REASONING: Final = "reasoning"
_LEARNERS: Final = 64
_REMEDY: Final = "name a language model with --lm"


class EmbeddedEngine:
    """Answers csc-dspy's own tasks offline, from demonstrations; a baseline for trying and testing.

    Deterministic, safe under threads and asyncio. What it learns from demonstrations is remembered for the
    next call with the same ones.
    """

    structured = True

    def __init__(self) -> None:
        self.asynchronous = AsyncEmbeddedEngine(self)
        self._learners: OrderedDict[object, Learner | None] = OrderedDict()
        self._lock = Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> EmbeddedEngine:
        return self

    def answer(
        self, model: str, task: Task, demonstrations: Sequence[Demonstration], inputs: Mapping[str, str]
    ) -> Answer:
        """Fill in the outputs one after the other; a later one is decided in the light of those before."""
        if model != "embedded":
            raise LMError(
                f"no embedded model is called {model!r}", remedy="the embedded engine is --lm embedded"
            )
        known = {name: inputs[name] for name in task.inputs if name in inputs}
        values: dict[str, str] = {}
        probabilities: dict[str, Mapping[str, float]] = {}
        for output in task.outputs:
            if output.labels:
                measured = self._measure(task, output, demonstrations, known | values)
                probabilities[output.name] = measured
                values[output.name] = max(measured, key=lambda name: measured[name])
            elif output.name == _RESPONSE and CONVERSATION in task.inputs:
                values[output.name] = _reply(task, demonstrations, known | values)
            elif output.name == _REASONING:
                values[output.name] = _account(task, demonstrations)
            else:
                raise LMError(f"the embedded engine cannot write {output.name!r}", remedy=_REMEDY)
        return Answer(values, probabilities)

    def complete(self, request: Request) -> Response:  # noqa: ARG002  DSPy's protocol
        """Refuse: there is no prompt that this engine could read."""
        raise _no_prompts()

    def stream(self, request: Request) -> Generator[Any, None, None]:  # noqa: ARG002  DSPy's protocol
        """Refuse, likewise."""
        raise _no_prompts()

    def close(self) -> None:
        """Nothing is open."""

    def _measure(
        self,
        task: Task,
        output: OutputField,
        demonstrations: Sequence[Demonstration],
        known: Mapping[str, str],
    ) -> dict[str, float]:
        names = [*task.inputs, *(each.name for each in task.outputs)]
        names = [name for name in names[: names.index(output.name)] if name != _REASONING]
        key = (output, tuple(names), tuple(tuple(each.items()) for each in demonstrations))
        learner = self._learned(key, output, demonstrations, names)
        seen = {name: known[name] for name in names if name in known}
        return learner.probabilities(seen) if learner else from_descriptions(output.labels, seen)

    def _learned(
        self, key: object, output: OutputField, demonstrations: Sequence[Demonstration], names: Sequence[str]
    ) -> Learner | None:
        """What the demonstrations teach, None if nothing."""
        with self._lock:
            if key in self._learners:
                self._learners.move_to_end(key)
                return self._learners[key]
        labels = {label.name for label in output.labels}
        rows = [
            row for row in rows_of(demonstrations, names, output.name, follows=_STRATEGY) if row[1] in labels
        ]
        learner = Learner(output.labels, rows) if rows else None
        with self._lock:
            self._learners[key] = learner
            if len(self._learners) > _LEARNERS:
                self._learners.popitem(last=False)
        return learner


class AsyncEmbeddedEngine:
    """The same for event loops; answers take milliseconds, so nothing waits."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine

    def __deepcopy__(self, memo: dict[int, Any]) -> AsyncEmbeddedEngine:
        return self

    async def complete(self, request: Request) -> Response:
        """Refuse, as the engine does."""
        return self._engine.complete(request)

    async def aclose(self) -> None:
        """Nothing is open."""


def _reply(task: Task, demonstrations: Sequence[Demonstration], known: Mapping[str, str]) -> str:
    """The response of the likest demonstration that follows the same strategy and has not been said yet."""
    strategy = known.get(_STRATEGY, "")
    said = {line.text for line in read_transcript(known.get(CONVERSATION, ""))}
    fitting = [
        each
        for each in demonstrations
        if each.get(_STRATEGY) == strategy and each.get(_RESPONSE) and each[_RESPONSE] not in said
    ]
    if fitting:
        return nearest(fitting, known, [CONVERSATION])[0][_RESPONSE]
    return generic_reply(strategy, task.language)


def _account(task: Task, demonstrations: Sequence[Demonstration]) -> str:
    """What an answer rests on; the engine does not reason."""
    if task.language == "zh":
        return f"根据{len(demonstrations)}个示例的相似度判断。"
    return f"Decided by likeness to {len(demonstrations)} demonstrations."


def _no_prompts() -> Exception:
    from dspy.lm15 import UnsupportedFeatureError

    return UnsupportedFeatureError(
        "the embedded engine answers csc-dspy's own tasks only, not prompts; name a language model with --lm"
    )
