"""Answering the turns of dev one after the other, in an order that is the same for all trials."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from csc_dspy.choosing import Programs
from csc_dspy.concurrency import in_order
from csc_dspy.evaluation.cases import Cases
from csc_dspy.evaluation.predictions import Prediction
from csc_dspy.evaluation.systems import ProgramSystem
from csc_dspy.exceptions import BudgetError
from csc_dspy.journal import content_key
from csc_dspy.lm.measuring import measuring
from csc_dspy.metrics import Predicted
from csc_dspy.programs import Situation

from ..deciding import Decisions
from .remembering import watching

if TYPE_CHECKING:
    from csc_dspy.conversations import Conversation, TurnExample
    from csc_dspy.programs import Program
    from csc_dspy.taxonomy import Language, Taxonomy

_CONTEXT: Final = "reference"
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn to answer."""

    dialogue: str
    example: TurnExample


class Course:
    """All labelled turns of some dialogues, in a shuffled order that the seed decides."""

    def __init__(self, conversations: Sequence[Conversation], taxonomy: Taxonomy, seed: int) -> None:
        self.taxonomy = taxonomy
        self._dialogues = [case.name for case in Cases(conversations, taxonomy)]
        self.turns = [
            Turn(case.name, example) for case in Cases(conversations, taxonomy) for example in case.examples
        ]
        random.Random(f"course {seed}").shuffle(self.turns)
        self._rendered: dict[tuple[Language, int | None], str] = {}

    @property
    def examples(self) -> list[TurnExample]:
        """What is to be answered."""
        return [turn.example for turn in self.turns]

    def rendered(self, language: Language, tokens: int | None) -> str:
        """A hash of all histories as prompts show them."""
        if (language, tokens) not in self._rendered:
            self._rendered[language, tokens] = content_key(
                [
                    Situation(each.conversation.with_turns(list(each.history)), language, tokens).rendered()
                    for each in self.examples
                ]
            )
        return self._rendered[language, tokens]

    def by_dialogue(self, predictions: Iterable[Prediction]) -> list[list[Prediction]]:
        """Predictions of whole dialogues, in the order of the data."""
        found: dict[str, list[Prediction]] = {name: [] for name in self._dialogues}
        for each in sorted(predictions, key=lambda each: each.example.index):
            found[each.dialogue].append(each)
        return [some for some in found.values() if some]


@dataclass
class Progress:
    """What a trial has answered so far."""

    predictions: list[Prediction] = field(default_factory=list)
    """In the order of the course."""
    evaluated: int = 0
    """How many of them were asked for; the others were remembered."""

    @property
    def failures(self) -> int:
        """How many turns could not be answered, which counts as wrong."""
        return sum(each.predicted.error is not None for each in self.predictions)


class Answers:
    """The answers of one program, turn by turn, with the language model in force.

    What has been answered before, by whatever program, is not asked for again. Failures are not remembered,
    so they are tried again the next time.
    """

    def __init__(
        self,
        program: Program,
        course: Course,
        *,
        whole: bool,
        concurrency: int,
        spent_is_wrong: bool = False,
    ) -> None:
        """Without ``whole``, no text is asked for where a question of its own asks for that.

        A spent budget is an error, unless what it leaves without an answer is to count as wrong.
        """
        self._spent_is_wrong = spent_is_wrong
        self.progress = Progress()
        self._course = course
        self._concurrency = concurrency
        self._system = ProgramSystem(Programs(program)) if whole else Decisions(program)

    def until(self, count: int) -> Progress:
        """Answer until there are ``count`` answers. Raises what would fail every further call too."""
        turns = self._course.turns[len(self.progress.predictions) : count]
        with closing(in_order(turns, self._ask, self._concurrency)) as done:
            for prediction, asked in done:
                self.progress.predictions.append(prediction)
                self.progress.evaluated += asked
        return self.progress

    async def _ask(self, turn: Turn) -> tuple[Prediction, bool]:
        """The answer, and whether anything had to be asked for it."""
        example = turn.example
        history = example.conversation.with_turns(list(example.history))
        with measuring() as measured, watching() as effort:
            try:
                said = await self._system.predict(_CONTEXT, turn.dialogue, example, history)
            except BudgetError as error:
                if not self._spent_is_wrong:
                    raise
                said = Prediction(_CONTEXT, turn.dialogue, example, Predicted(error=str(error)))
        seconds = round(effort.seconds, _DIGITS)
        failed = said.predicted.error is not None
        return replace(said, usage=measured.usage, seconds=seconds), failed or effort.asked.calls > 0


def answers_key(program: Program, lm: object, course: Course) -> str:
    """The same for programs that answer alike; a limit that cuts nothing off a history is no difference."""
    options = program.options
    return content_key(
        program.name,
        lm,
        options.language,
        options.taxonomy.fingerprint,
        options.reasoning,
        course.rendered(options.language, options.history_tokens),
        program.dump_state(),
    )
