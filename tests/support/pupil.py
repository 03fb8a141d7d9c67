"""A language model for optimizers: it can be taught, and proposes what it is told to propose."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import dspy

from csc_dspy.programs import Program
from csc_dspy.programs.teaching import Lesson, lessons
from tests.support.behaviours import Behaviour

Right = Callable[[Mapping[str, Any]], bool]
"""Whether to answer a request, given by its body, right."""
Proposal = str | Callable[[int], str]
"""A text, or what is proposed the first, second, … time."""

_WANTED: Final = re.compile(
    r"`\[\[ ## (proposed_instruction|new_instruction|module_advice|restated) ## \]\]`"
)
_INPUTS: Final = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with )", re.DOTALL)


def told(words: str) -> Right:
    """Right where these words are in the instructions."""
    return lambda asked: words in asked["messages"][0]["content"]


def shown(least: int) -> Right:
    """Right where there are so many demonstrations."""
    return lambda asked: sum(each["role"] == "assistant" for each in asked["messages"]) >= least


def at_times(words: str) -> Right:
    """Right where these words are in the instructions, and in every second sample."""
    return lambda asked: told(words)(asked) or bool(asked.get("seed", 0) % 2)


@dataclass
class Pupil:
    """Answers right where ``right`` says so of a request, and otherwise as the test server would.

    It has to be told the right answers first; see `learn`.
    """

    right: Right
    proposal: Proposal = ""
    restated: str = ""
    """What it says when asked to say a proposal in another language."""
    advised: tuple[str, ...] = ()
    """The predictors that it gives advice to, where advice is asked for."""
    asked: list[str] = field(default_factory=list)
    """What was asked of it besides answers, by the names of the fields."""
    _known: dict[frozenset[tuple[str, str]], Lesson] = field(default_factory=dict)

    def learn(self, program: Program, examples: Iterable[dspy.Example]) -> Pupil:
        """The right answers to examples of a program."""
        for example in examples:
            for lesson in lessons(program, example):
                self._known[_key(lesson.inputs, lesson.outputs)] = lesson
        return self

    def behaviour(self) -> Behaviour:
        """For the server."""
        return Behaviour(reply=self.reply)

    def reply(self, asked: Mapping[str, Any]) -> str | None:
        """The answer to a chat-completions request; None where there is nothing special to say."""
        question = asked["messages"][-1]["content"]
        # Where an answer could not be read, the question stands before it.
        wanted = next(filter(None, (_WANTED.search(each["content"]) for each in asked["messages"])), None)
        if wanted is not None:
            return self._proposed(wanted[1])
        lesson = self._known.get(_key(dict(_INPUTS.findall(question)), _outputs(question)))
        return _written(lesson.outputs) if lesson and self.right(asked) else None

    def _proposed(self, wanted: str) -> str:
        self.asked.append(wanted)
        if wanted == "restated":
            return _written({"restated": self.restated})
        text = self.proposal if isinstance(self.proposal, str) else self.proposal(self.asked.count(wanted))
        if wanted == "module_advice":
            advice = dict.fromkeys(self.advised, text)
            return _written(
                {"discussion": "It varies.", "module_advice": json.dumps(advice, ensure_ascii=False)}
            )
        return _written({wanted: text, "proposed_prefix_for_output_field": "Strategy:"})


def _outputs(question: str) -> list[str]:
    return re.findall(r"`\[\[ ## (\w+) ## \]\]`", question)


def _key(inputs: Mapping[str, str], outputs: Iterable[str]) -> frozenset[tuple[str, str]]:
    # The stage that was decided before is an input of some predictors, and may be wrong.
    known = {(name, text) for name, text in inputs.items() if name in {"conversation", "turn"}}
    return frozenset({*known, *((name, "") for name in outputs if name != "completed")})


def _written(fields: Mapping[str, str]) -> str:
    return (
        "".join(f"[[ ## {name} ## ]]\n{text}\n\n" for name, text in fields.items()) + "[[ ## completed ## ]]"
    )
