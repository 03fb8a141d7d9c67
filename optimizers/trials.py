"""Scoring programs on dev: each once, the best is kept, and a journal remembers what was paid for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from csc_dspy.choosing import Programs
from csc_dspy.evaluation.plan import plan
from csc_dspy.evaluation.systems import ProgramSystem
from csc_dspy.journal import Journal, content_key

if TYPE_CHECKING:
    from csc_dspy.conversations import Conversation
    from csc_dspy.programs import Program

    from .objective import Objective

Told = Callable[["Trial"], None]
"""Hears of every trial."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A program that was scored."""

    program: Program
    score: float
    note: str
    """What it was, in a few words."""
    remembered: bool
    """Whether the journal knew the score already."""


class Trials:
    """Scores programs by an objective on the same dialogues, in the reference context.

    The higher score is the better one; of equal ones the earlier.
    """

    def __init__(
        self,
        conversations: Sequence[Conversation],
        objective: Objective,
        *,
        journal: Journal | None = None,
        concurrency: int = 32,
        told: Told = lambda _trial: None,
    ) -> None:
        self.best: Trial | None = None
        self.count = 0
        self._conversations = conversations
        self._objective = objective
        self._journal = journal
        self._concurrency = concurrency
        self._told = told

    def score(self, program: Program, note: str = "") -> float:
        """The score of a program; what fails on a turn counts as wrong. Raises what would fail always."""
        key = content_key("trial", program.name, program.dump_state())
        remembered = self._journal is not None and key in self._journal
        value = (
            float(self._journal.get(key))
            if self._journal is not None and remembered
            else self._measure(program)
        )
        if self._journal is not None and not remembered:
            self._journal.record(key, value)
        trial = Trial(program, value, note, remembered)
        self.count += 1
        if self.best is None or value > self.best.score:
            self.best = trial
        self._told(trial)
        return value

    def _measure(self, program: Program) -> float:
        whole = self._objective.whole
        made = plan(
            ProgramSystem(Programs(program)),
            self._conversations,
            contexts=("reference",),
            metrics=[] if whole is None else [whole],
        )
        found: dict[str, Any] = made.carry_out(concurrency=self._concurrency, lm=None).to_dict()["reference"]
        assert whole is not None
        return float(found[whole.name]["value"] or 0.0)
