"""The engine itself: tasks in, answers out."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import LMError
from csc_dspy.lm.embedded.chat_rows import Row
from csc_dspy.lm.embedded.features import CONVERSATION
from csc_dspy.lm.embedded.fine_tuned import REASONING, head_key
from csc_dspy.lm.embedded.generic import generic_reply
from csc_dspy.lm.embedded.learner import Learner, from_descriptions, rows_of
from csc_dspy.lm.embedded.responses import RESPONSE, STRATEGY, Responses
from csc_dspy.lm.remembered import Remembered
from csc_dspy.lm.structured import Answer, Demonstration, Demonstrations, OutputField, Task

if TYPE_CHECKING:
    from dspy.lm15 import Request, Response

    from csc_dspy.lm.embedded.fine_tuned import FineTuned

_LEARNERS: Final = 32
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
        self._learners: Remembered[Learner | None] = Remembered(_LEARNERS)
        self._responses: Remembered[Responses] = Remembered(_LEARNERS)
        self._models: Remembered[FineTuned] = Remembered(_MODELS, models)

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
                values[output.name] = found or self._response(task, demonstrations, known | values)
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
        learner = self._learned(output, demonstrations, names)
        return learner.probabilities(seen) if learner else from_descriptions(output.labels, seen)

    def _fine_tuned(self, model: str) -> FineTuned | None:
        """The model of that name, None for the engine as it comes."""
        from csc_dspy.lm.embedded.model_files import load_model

        _, _, name = model.partition("/")
        return self._models.get(name, lambda: load_model(name)) if name else None

    def _learned(
        self, output: OutputField, demonstrations: Sequence[Demonstration], names: Sequence[str]
    ) -> Learner | None:
        """What the demonstrations teach, None if nothing."""

        def learn() -> Learner | None:
            labels = {label.name for label in output.labels}
            rows = rows_of(demonstrations, names, output.name, follows=STRATEGY)
            known = [row for row in rows if row[1] in labels]
            return Learner(output.labels, known) if known else None

        return self._learners.get((output, tuple(names), _identity(demonstrations)), learn)

    def _response(self, task: Task, demonstrations: Sequence[Demonstration], known: Mapping[str, str]) -> str:
        """That of the likest demonstration by the same strategy that nobody has said yet."""

        def collect() -> Responses:
            return Responses.of(Row({}, demonstration) for demonstration in demonstrations)

        found = self._responses.get(_identity(demonstrations), collect)
        return found.likest(task.language, known) or generic_reply(known.get(STRATEGY, ""), task.language)


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


def _identity(demonstrations: Sequence[Demonstration]) -> object:
    """What tells demonstrations from others."""
    if isinstance(demonstrations, Demonstrations):
        return demonstrations
    return tuple(tuple(each.items()) for each in demonstrations)


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
