"""The engine itself: tasks in, answers out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import LMError
from csc_dspy.lm.embedded.features import CONVERSATION
from csc_dspy.lm.embedded.fine_tuned import REASONING, head_key
from csc_dspy.lm.embedded.generic import generic_reply
from csc_dspy.lm.embedded.learner import Learner, from_descriptions, nearest, rows_of
from csc_dspy.lm.embedded.responses import RESPONSE, STRATEGY
from csc_dspy.lm.embedded.transcript import read_transcript
from csc_dspy.lm.structured import Answer, Demonstration, OutputField, Task

if TYPE_CHECKING:
    from dspy.lm15 import Request, Response

    from csc_dspy.lm.embedded.fine_tuned import FineTuned

_LEARNERS: Final = 64
_MODELS: Final = 4
_REMEDY: Final = "name a language model with --lm"


class EmbeddedEngine:
    """Answers csc-dspy's own tasks offline, from demonstrations; a baseline for trying and testing.

    A fine-tuned model decides by what it has learned, and falls back on demonstrations where that is nothing.
    Deterministic, safe under threads and asyncio. What it learns from demonstrations is remembered for the
    next call with the same ones. ``models`` are fine-tuned ones by their names, besides those on disk.
    """

    structured = True

    def __init__(self, models: Mapping[str, FineTuned] | None = None) -> None:
        self.asynchronous = AsyncEmbeddedEngine(self)
        self._learners: OrderedDict[object, Learner | None] = OrderedDict()
        self._models = OrderedDict(models or {})
        self._lock = Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> EmbeddedEngine:
        return self

    def answer(
        self, model: str, task: Task, demonstrations: Sequence[Demonstration], inputs: Mapping[str, str]
    ) -> Answer:
        """Fill in the outputs one after the other; a later one is decided in the light of those before."""
        learned = self._fine_tuned(model)
        known = {name: inputs[name] for name in task.inputs if name in inputs}
        values: dict[str, str] = {}
        probabilities: dict[str, Mapping[str, float]] = {}
        for output in task.outputs:
            if output.labels:
                measured = self._measure(task, output, demonstrations, known | values, learned)
                probabilities[output.name] = measured
                values[output.name] = max(measured, key=lambda name: measured[name])
            elif output.name == RESPONSE and CONVERSATION in task.inputs:
                found = learned.responses.likest(task.language, known | values) if learned else None
                values[output.name] = found or _reply(task, demonstrations, known | values)
            elif output.name == REASONING:
                values[output.name] = _account(task, learned.rows if learned else len(demonstrations))
            else:
                raise LMError(f"the embedded engine cannot write {output.name!r}", remedy=_REMEDY)
        return Answer(values, probabilities)

    def check(self, model: str) -> None:
        """Make sure that the model is there: ConfigError or ArtifactError says what is wrong."""
        self._fine_tuned(model)

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
        fine_tuned: FineTuned | None,
    ) -> dict[str, float]:
        names = [*task.inputs, *(each.name for each in task.outputs)]
        names = [name for name in names[: names.index(output.name)] if name != REASONING]
        seen = {name: known[name] for name in names if name in known}
        if fine_tuned and (head := fine_tuned.heads.get(head_key(names, output.name))):
            return head.probabilities(output.labels, seen)
        key = (output, tuple(names), tuple(tuple(each.items()) for each in demonstrations))
        learner = self._learned(key, output, demonstrations, names)
        return learner.probabilities(seen) if learner else from_descriptions(output.labels, seen)

    def _fine_tuned(self, model: str) -> FineTuned | None:
        """The model of that name, None for the engine as it comes."""
        _, _, name = model.partition("/")
        if not name:
            return None
        with self._lock:
            if name not in self._models:
                from csc_dspy.lm.embedded.model_files import load_model

                self._models[name] = load_model(name)
                if len(self._models) > _MODELS:
                    self._models.popitem(last=False)
            self._models.move_to_end(name)
            return self._models[name]

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
            row for row in rows_of(demonstrations, names, output.name, follows=STRATEGY) if row[1] in labels
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
    strategy = known.get(STRATEGY, "")
    said = {line.text for line in read_transcript(known.get(CONVERSATION, ""))}
    fitting = [
        each
        for each in demonstrations
        if each.get(STRATEGY) == strategy and each.get(RESPONSE) and each[RESPONSE] not in said
    ]
    if fitting:
        return nearest(fitting, known, [CONVERSATION])[0][RESPONSE]
    return generic_reply(strategy, task.language)


def _account(task: Task, examples: int) -> str:
    """What an answer rests on; the engine does not reason."""
    if task.language == "zh":
        return f"根据{examples}个示例的相似度判断。"
    return f"Decided by likeness to {examples} examples."


def _no_prompts() -> Exception:
    from dspy.lm15 import UnsupportedFeatureError

    return UnsupportedFeatureError(
        "the embedded engine answers csc-dspy's own tasks only, not prompts; name a language model with --lm"
    )
