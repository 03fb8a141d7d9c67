"""What a program is asked on the way to an answer that is known: its demonstrations and fine-tuning rows.

The program itself runs, with the labels of the conversation in place of a language model. So whatever is
taught has exactly the form of what is asked later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import Conversation, TurnExample, turn_examples
from csc_dspy.lm.predicting import leaf
from csc_dspy.programs._base import Ask, Program, Told
from csc_dspy.programs.response_writer import ResponseWriter
from csc_dspy.programs.strategy_classifier import StrategyClassifier

if TYPE_CHECKING:
    import dspy

_REASONING = "reasoning"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question of a program with the right answer. What cannot be known, such as reasoning, is left out."""

    predictor: str
    """Its name among the program's ``named_predictors()``."""
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    def demonstration(self) -> dspy.Example:
        """The lesson as a demonstration of the predictor."""
        import dspy

        return dspy.Example(**self.inputs, **self.outputs).with_inputs(*self.inputs)


def given(program: Program, example: TurnExample) -> dict[str, Any]:
    """What a program is told of a turn besides the history: what its task takes for granted."""
    if isinstance(program, StrategyClassifier):
        return {"turn": example.turn.text}
    if isinstance(program, ResponseWriter):
        return {"strategy": example.turn.strategy}
    return {}


def training_examples(program: Program, conversations: Iterable[Conversation]) -> Iterator[dspy.Example]:
    """Every labelled supporter turn in the program's language, as DSPy's optimizers and our metrics take it.

    An example has ``history``, what the program is given besides it, the right ``strategy``, ``stage`` and
    ``response``, and an ``id``.
    """
    import dspy

    for example in turn_examples(conversations):
        if example.turn.strategy is None or example.language != program.options.language:
            continue
        told = given(program, example)
        fields = {
            "id": example.id,
            "history": example.conversation.with_turns(example.history),
            "strategy": example.turn.strategy,
            "stage": example.stage,
            "response": example.turn.text,
            **told,
        }
        yield dspy.Example(**fields).with_inputs("history", *told)


def lessons(program: Program, example: dspy.Example) -> list[Lesson]:
    """All questions on the way to the answer of an example of `training_examples`.

    None where the program would first have to label turns of the history: nobody knows the answer to that.
    """
    names = {id(predictor): name for name, predictor in program.named_predictors()}
    steps = program.questions(**example.inputs())
    found: list[Lesson] = []
    try:
        ask = next(steps)
        while True:
            name = names.get(id(leaf(ask.predictor)))
            if name is None:
                return []
            answers = _answers(ask, example, program)
            found.append(Lesson(name, dict(ask.inputs), answers))
            ask = steps.send(Told(answers))
    except StopIteration:
        return found


def _answers(ask: Ask, example: dspy.Example, program: Program) -> dict[str, str]:
    language = program.options.language
    right = {
        "stage": example.stage.name[language],
        "strategy": example.strategy.name[language],
        "response": example.response,
    }
    outputs = leaf(ask.predictor).signature.output_fields
    return {name: right[name] for name in outputs if name != _REASONING}
