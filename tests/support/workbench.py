"""Everything that an optimizer is given in tests: a program, little data, and a pupil to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

import dspy

from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.optimizers._base import Bench
from csc_dspy.optimizers.objective import objective
from csc_dspy.optimizers.trials import Trial, Trials
from csc_dspy.programs import Options, Program, create
from csc_dspy.programs.teaching import training_examples
from csc_dspy.taxonomy import Language
from tests.support.openai_server import LLMServer
from tests.support.programs import impatient
from tests.support.pupil import Pupil

MAGIC: Final[dict[Language, str]] = {"zh": "金牌", "en": "golden"}
"""What makes an instruction a good one."""
GOOD: Final[dict[Language, str]] = {
    "zh": "你是一位金牌督导。请仔细阅读对话，按照给定标签的含义作出判断。",
    "en": "You are a golden coach. Read the conversation carefully and decide by what the labels mean.",
}


@lru_cache
def conversations(language: Language) -> tuple[list[Conversation], list[Conversation]]:
    """A few for training, and a short one to score on."""
    train = list(read("rolecs-sample", language=language))[:2]
    dev = min(read("csconv-sample", split="dev", language=language), key=lambda each: len(each.dialogue))
    return train, [dev]


@dataclass
class Workbench:
    """A program with data for it."""

    name: str
    language: Language
    heard: list[Trial] = field(default_factory=list)

    @cached_property
    def program(self) -> Program:
        return create(self.name, Options(language=self.language))

    @cached_property
    def train(self) -> list[dspy.Example]:
        return list(training_examples(self.program, conversations(self.language)[0]))[:16]

    @cached_property
    def dev(self) -> list[dspy.Example]:
        return list(training_examples(self.program, conversations(self.language)[1]))

    @property
    def predictors(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.program.named_predictors())

    def bench(self, **more: Any) -> Bench:  # noqa: ANN401 - fields of a bench, each with its own type
        """A fresh bench; nothing has been scored on it."""
        wish = objective(None, self.program)
        trials = Trials(conversations(self.language)[1], wish, concurrency=8, told=self.heard.append)
        usual = {"train": self.train, "dev": self.dev, "objective": wish, "trials": trials, "concurrency": 8}
        return Bench(**usual | more)

    def taught(self, pupil: Pupil) -> Pupil:
        """The pupil, who knows the right answers."""
        return pupil.learn(self.program, [*self.train, *self.dev])


@contextmanager
def asking(
    server: LLMServer,
    pupil: Pupil,
    max_calls: int | None = None,
    **limits: Any,  # noqa: ANN401 - those of an engine, each with its own type
) -> Iterator[dspy.LM]:
    """A language model in force behind which the pupil sits."""
    server.usually(pupil.behaviour())
    with impatient(server, **limits) as lm:
        lm.engine.budget.max_calls = max_calls
        yield lm
