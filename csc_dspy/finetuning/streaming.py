"""The stream from dialogues to rows, turn after turn, with a reason for each row that is not there."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from csc_dspy.concurrency import in_order
from csc_dspy.conversations import turn_examples
from csc_dspy.finetuning._base import Part, Row
from csc_dspy.finetuning.asking import Answered, Asker, Failed
from csc_dspy.finetuning.balancing import Cell
from csc_dspy.finetuning.dialogues import Dialogues
from csc_dspy.finetuning.pairs import OtherStrategies, rejected_by_program
from csc_dspy.finetuning.rows import Case, LeftOut, Question, Questions, all_left_out, answer_of, content_of
from csc_dspy.finetuning.selecting import Choice, draw
from csc_dspy.finetuning.surveying import Survey
from csc_dspy.finetuning.tokens import TokenCounter

if TYPE_CHECKING:
    from csc_dspy.conversations import Conversation
    from csc_dspy.taxonomy import Language

Source = Literal["gold", "traces"]
Said = Answered | Failed | None
"""What a program said about a turn, where one was asked."""


@dataclass(frozen=True, slots=True)
class Made:
    """A row, and what tells whether it is taken."""

    row: Row
    part: Part
    tokens: int
    drawn: int

    @property
    def cell(self) -> Cell:
        """The rows that it is counted with."""
        return Cell(self.part, self.row.task, self.row.language, self.row.strategy)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Everything that decides which rows are made."""

    dialogues: Dialogues
    survey: Survey
    questions: Callable[[Language], Questions]
    source: Source = "gold"
    asker: Asker | None = None
    """Asks the program whose answers are taken, or rejected."""
    pairs: bool = False
    others: OtherStrategies | None = None
    """Where rejected answers come from, unless the program that is asked gives them."""
    keep_duplicates: bool = False
    tokens: TokenCounter
    most_tokens: int | None = None
    seed: int = 0
    concurrency: int = 32

    def rows(self) -> Iterator[Made | LeftOut]:
        """All rows that could be taken, and all that are not there, in the order of the dialogues."""
        seen: set[bytes] = set()
        for case, said in self._answered():
            if isinstance(case, LeftOut):
                yield case
                continue
            for question in case.questions:
                yield self._held_back(self._row(case, question, said), case, question, seen)

    def _answered(self) -> Iterator[tuple[Case | LeftOut, Said]]:
        if self.asker is None:
            yield from ((case, None) for case in self._cases())
            return
        with closing(_asked(self._cases(), self.asker, self.concurrency)) as answered:
            yield from answered

    def _cases(self) -> Iterator[Case | LeftOut]:
        for position, conversation in enumerate(self.dialogues):
            yield from self._of_dialogue(conversation, position)

    def _of_dialogue(self, conversation: Conversation, position: int) -> Iterator[Case | LeftOut]:
        language = conversation.spoken_language
        rows, name = self.questions(language), conversation.id or conversation.content_hash[:16]
        leaked, other = position in self.survey.leaked, language != rows.language
        examples = {} if leaked or other else rows.examples(conversation)
        for turn in turn_examples([conversation]):
            example = examples.get(turn.id)
            questions = None if example is None else rows.about(example)
            if example is not None and questions is not None:
                part = self.survey.part(position)
                yield Case(turn.id, name, part, turn, example, rows, questions)
            elif leaked:
                yield from all_left_out(rows.tasks, turn, name, "evaluation dialogue")
            elif other:
                yield from all_left_out(rows.tasks, turn, name, "another language")
            else:
                reason: Literal["unlabelled turn", "unlabelled history"]
                reason = "unlabelled turn" if example is None else "unlabelled history"
                yield from all_left_out(rows.tasks, turn, name, reason)

    def _row(self, case: Case, question: Question, said: Said) -> Row | LeftOut:
        """The row of a question, or why there is none."""
        if isinstance(said, Failed):
            return case.left_out(question.task, "not answered", said.problem)
        if self.source == "traces" and said is not None and not said.right:
            return case.left_out(question.task, "answered wrongly")
        answer = self._answer(question, said)
        if not answer.get("response", "…").strip():
            return case.left_out(question.task, "empty response")
        rejected = self._rejected(case, question, said, answer)
        if self.pairs and (rejected is None or rejected == answer):
            return case.left_out(question.task, "nothing to reject")
        row = case.rows.row(case, question, answer, rejected)
        return row or case.left_out(question.task, "shown in the demonstrations")

    def _answer(self, question: Question, said: Answered | None) -> Mapping[str, str]:
        if self.source == "gold" or said is None:
            return question.lesson.outputs
        return answer_of(question, said.response, _reasoning(question, said))

    def _rejected(
        self, case: Case, question: Question, said: Said, answer: Mapping[str, str]
    ) -> Mapping[str, str] | None:
        if self.others is not None:
            return self.others.rejected(case, question)
        if self.pairs and isinstance(said, Answered):
            return rejected_by_program(case, question, said, answer)
        return None

    def _held_back(
        self, row: Row | LeftOut, case: Case, question: Question, seen: set[bytes]
    ) -> Made | LeftOut:
        """The row, unless it is too long, or is there already."""
        if isinstance(row, LeftOut):
            return row
        answers = [row.answer] if row.rejected is None else [row.answer, row.rejected]
        tokens = self.tokens.count(row.messages, *answers)
        if self.most_tokens is not None and tokens > self.most_tokens:
            return case.left_out(question.task, "too long", f"{tokens} tokens")
        content = content_of(row)
        if self.keep_duplicates:
            # Told apart by their names, so that equal rows are not all drawn or all passed over.
            return Made(row, case.part, tokens, draw(self.seed, content + row.id.encode()))
        if content in seen:
            return case.left_out(question.task, "duplicate")
        seen.add(content)
        return Made(row, case.part, tokens, draw(self.seed, content))


def taken(rows: Iterable[Made | LeftOut], choice: Choice) -> Iterator[Made | LeftOut]:
    """The rows as often as they are to be written; the second of the same has ``~2`` behind its id."""
    for each in rows:
        if isinstance(each, LeftOut):
            yield each
            continue
        copies = choice.copies(each.cell, each.drawn)
        if not copies:
            yield LeftOut(each.row.id, each.row.dialogue, "not drawn")
        for number in range(1, copies + 1):
            named = each.row if number == 1 else replace(each.row, id=f"{each.row.id}~{number}")
            yield replace(each, row=named)


def _asked(
    cases: Iterable[Case | LeftOut], asker: Asker, concurrency: int
) -> Generator[tuple[Case | LeftOut, Said], None, None]:
    async def ask(case: Case | LeftOut) -> tuple[Case | LeftOut, Said]:
        return case, None if isinstance(case, LeftOut) else await asker.ask(case)

    return in_order(cases, ask, concurrency)


def _reasoning(question: Question, said: Answered) -> str | None:
    """What was thought before the answer to this question, if anything was."""
    return said.reasoning[question.place] if question.place < len(said.reasoning) else None
