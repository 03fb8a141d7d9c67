"""From a turn to the rows that are made of it: each question of a program, as it is sent, with its answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from csc_dspy.conversations import one_line
from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning._base import Message, Part, Row, Task
from csc_dspy.finetuning.tasks import REASONING, task_of
from csc_dspy.lm.adapter import Adapter
from csc_dspy.programs.pool import Pool
from csc_dspy.programs.teaching import lessons, training_examples
from csc_dspy.taxonomy import Language

if TYPE_CHECKING:
    import dspy

    from csc_dspy.conversations import Conversation, TurnExample
    from csc_dspy.programs import Program
    from csc_dspy.programs.teaching import Lesson

Reason = Literal[
    "evaluation dialogue",
    "another language",
    "unlabelled turn",
    "unlabelled history",
    "shown in the demonstrations",
    "not answered",
    "answered wrongly",
    "nothing to reject",
    "empty response",
    "duplicate",
    "too long",
    "not drawn",
]
"""Why there is no row."""

_CONVERSATION: Final = "conversation"
_COMPLETED: Final = "\n\n[[ ## completed ## ]]\n"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is not there."""

    id: str
    dialogue: str
    reason: Reason
    detail: str | None = None
    """What went wrong, in words without texts."""

    def to_dict(self) -> dict[str, str]:
        """As ``left_out.jsonl`` has it."""
        detail = {} if self.detail is None else {"detail": self.detail}
        return {"id": self.id, "dialogue": self.dialogue, "reason": self.reason, **detail}


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a program about a turn, with the right answers to it."""

    task: Task
    lesson: Lesson
    place: int
    """Its number among all that the program asks about the turn, from 0."""


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled turn and all that is asked about it."""

    name: str
    """Of the turn; unique as far as dialogues' ids are."""
    dialogue: str
    part: Part
    turn: TurnExample
    example: dspy.Example
    """The turn as metrics take it."""
    rows: Questions
    questions: Sequence[Question]

    def left_out(self, task: Task, reason: Reason, detail: str | None = None) -> LeftOut:
        """Why one of its rows is not there."""
        return LeftOut(f"{self.name}:{task}", self.dialogue, reason, detail)


class Questions:
    """Makes rows of what a program asks. The messages are those that it sends, byte for byte."""

    def __init__(
        self, program: Program, tasks: Sequence[Task] | None = None, *, demonstrations: bool = True
    ) -> None:
        """``tasks``: only these; ``demonstrations``: whether rows show those of the program."""
        self.program = program
        self._adapter = Adapter()
        self._predictors = {
            name: _Predictor(name, predictor.signature, predictor.demos if demonstrations else [])
            for name, predictor in program.named_predictors()
        }
        self.tasks = tuple(
            each.task for each in self._predictors.values() if tasks is None or each.task in tasks
        )
        pool = program.pool if demonstrations else None
        self._pool = pool and Pool(
            pool.demonstrations, max(map(len, pool.demonstrations.values()), default=0)
        )
        self._shown = pool.shown if pool else 0

    @property
    def language(self) -> Language:
        """The language of its prompts."""
        return self.program.options.language

    def examples(self, conversation: Conversation) -> dict[str, dspy.Example]:
        """The labelled turns of a conversation by their ids."""
        return {each.id: each for each in training_examples(self.program, [conversation])}

    def about(self, example: dspy.Example) -> list[Question] | None:
        """What is asked about a turn; None where a turn before it would have to be labelled first."""
        asked = lessons(self.program, example)
        found = [
            Question(self._predictors[each.predictor].task, each, place) for place, each in enumerate(asked)
        ]
        return [each for each in found if each.task in self.tasks] if asked else None

    def row(
        self, case: Case, question: Question, answer: Mapping[str, str], rejected: Mapping[str, str] | None
    ) -> Row | None:
        """The row of a question; None where its demonstrations would give the answer away."""
        lesson = question.lesson
        predictor = self._predictors[lesson.predictor]
        shown = self._demonstrations(predictor, lesson, one_line(case.turn.turn.text))
        if shown is None:
            return None
        strategy = case.turn.turn.strategy
        assert strategy is not None
        return Row(
            id=f"{case.name}:{question.task}",
            dialogue=case.dialogue,
            task=question.task,
            language=self.language,
            messages=self._messages(predictor, shown, lesson),
            answer=_written(predictor, answer),
            strategy=strategy.id,
            rejected=None if rejected is None else _written(predictor, rejected),
        )

    def require_answers(self, source: str) -> None:
        """ConfigError where gold turns cannot answer all that is asked."""
        if source == "gold" and self.program.options.reasoning:
            raise ConfigError(
                f"{self.program.name} reasons in words, and nobody knows the right ones",
                remedy="take --source traces, or a program without reasoning",
            )

    def _messages(self, predictor: _Predictor, shown: list[Any], lesson: Lesson) -> list[Message]:
        """What the adapter sends; all but the question only once where it is the same in every row."""
        signature, inputs = predictor.signature, dict(lesson.inputs)
        if shown is not predictor.demonstrations:
            messages: list[Message] = self._adapter.format(signature, shown, inputs)
            return messages
        if predictor.opening is None:
            predictor.opening = self._adapter.format(signature, shown, inputs)[:-1]
        question = self._adapter.format_user_message_content(signature, inputs, main_request=True)
        return [*predictor.opening, {"role": "user", "content": question}]

    def _demonstrations(self, predictor: _Predictor, lesson: Lesson, spoken: str) -> list[Any] | None:
        """What the question shows; of a pool nothing that gives the answer away."""
        if any(_gives_away(each, lesson, spoken) for each in predictor.demonstrations):
            return None
        if self._pool is None:
            return predictor.demonstrations
        near = self._pool.nearest(predictor.name, lesson.inputs, tuple(predictor.signature.input_fields))
        kept: list[Any] = []
        for each in reversed(near):
            if len(kept) == self._shown:
                break
            if not _gives_away(each, lesson, spoken):
                kept.append(each)
        return [*predictor.demonstrations, *reversed(kept)]


class _Predictor:
    """What is asked by one of a program's predictors."""

    def __init__(self, name: str, signature: Any, demonstrations: list[Any]) -> None:  # noqa: ANN401  of DSPy
        self.name = name
        self.signature = signature
        self.task = task_of(signature)
        self.demonstrations = demonstrations
        self.opening: list[Message] | None = None
        """The messages before the question, once they have been made."""


def _written(predictor: _Predictor, answer: Mapping[str, str]) -> str:
    """The answer as ``dspy.ChatAdapter`` has it; that takes a pydantic adapter for each value."""
    fields = [f"[[ ## {name} ## ]]\n{answer[name]}" for name in predictor.signature.output_fields]
    return "\n\n".join(fields).strip() + _COMPLETED


def _gives_away(demonstration: Mapping[str, Any], lesson: Lesson, spoken: str) -> bool:
    """Whether a demonstration is the question itself, or of a later turn after what is ``spoken`` now."""
    later: str = demonstration.get(_CONVERSATION, "")
    now = lesson.inputs.get(_CONVERSATION, "")
    if later == now:
        return all(
            demonstration.get(name) == text for name, text in {**lesson.inputs, **lesson.outputs}.items()
        )
    before = f"{now}\n" if now else ""
    return later.startswith(before) and later[len(before) :].partition("\n")[0].endswith(spoken)


def content_of(row: Row) -> bytes:
    """16 bytes that tell rows apart by what is asked and answered, and by nothing else."""
    digest = hashlib.blake2b(digest_size=16)
    for text in (row.task, row.language, row.messages[-1]["content"], row.answer):
        content = text.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(content) + content)
    return digest.digest()


def answer_of(question: Question, response: str | None, reasoning: str | None) -> dict[str, str]:
    """The right answer to a question, with another's response and reasoning where it asks for them."""
    answer = dict(question.lesson.outputs)
    if response is not None and "response" in answer:
        answer["response"] = response
    return answer if reasoning is None else {REASONING: reasoning, **answer}


def all_left_out(
    tasks: Sequence[Task], turn: TurnExample, dialogue: str, reason: Reason
) -> Iterator[LeftOut]:
    """Every row of a turn that nothing is asked about."""
    for task in tasks:
        yield LeftOut(f"{turn.id}:{task}", dialogue, reason)
