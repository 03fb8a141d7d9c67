"""Scoring programs on dev: each once, the best is kept, and a journal remembers what was paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from csc_dspy.choosing import Programs
from csc_dspy.evaluation.cases import Cases
from csc_dspy.evaluation.running import Entry, run
from csc_dspy.evaluation.systems import ProgramSystem, System
from csc_dspy.evaluation.tallying import Tallies
from csc_dspy.journal import Journal, content_key

from .deciding import Decisions
from .gain import Gain, gain

if TYPE_CHECKING:
    from csc_dspy.conversations import Conversation
    from csc_dspy.programs import Program

    from .objective import Objective

Told = Callable[["Trial"], None]
"""Hears of every trial."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is kept of a trial, as a row for each dialogue: enough to compare it with another."""

    score: float
    rows: tuple[tuple[float, ...], ...]
    """The tallies of the objective's metric."""
    right: tuple[int, ...]
    """How many strategies are right."""
    failures: int
    """How many turns were not answered."""

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Marks:
        """What ``asdict`` made plain data of."""
        rows = tuple(tuple(map(float, row)) for row in content["rows"])
        return cls(float(content["score"]), rows, tuple(content["right"]), int(content["failures"]))


@dataclass(frozen=True, slots=True)
class Trial:
    """A program that was scored."""

    program: Program
    score: float
    note: str
    """What it was, in a few words."""
    remembered: bool
    """Whether the score was known already."""
    marks: Marks


class Trials:
    """Scores programs by an objective on the same dialogues, in the reference context.

    The higher score is the better one; of equal ones the earlier. Equal programs are scored and told of once.
    """

    def __init__(
        self,
        conversations: Sequence[Conversation],
        objective: Objective,
        *,
        journal: Journal | None = None,
        concurrency: int = 32,
        told: Told = lambda _trial: None,
        lm: str | None = None,
    ) -> None:
        """``lm`` names the language model, where one journal has trials of several."""
        self.best: Trial | None = None
        self.count = 0
        self._conversations = conversations
        self._objective = objective
        self._journal = journal
        self._concurrency = concurrency
        self._told = told
        self._asked = [] if lm is None else [lm]
        self._known: dict[str, Trial] = {}

    def score(self, program: Program, note: str = "") -> float:
        """The score of a program; what fails on a turn counts as wrong. Raises what would fail always."""
        return self.trial(program, note).score

    def trial(self, program: Program, note: str = "") -> Trial:
        """`score`, with all that is kept of it."""
        key = content_key("trial", program.name, self._built(program), program.dump_state(), *self._asked)
        if key in self._known:
            return replace(self._known[key], program=program, note=note, remembered=True)
        remembered = self._recall(key)
        marks = remembered or self._measure(program)
        if remembered is None and self._journal is not None:
            self._journal.record(key, asdict(marks))
        trial = Trial(program, marks.score, note, remembered is not None, marks)
        self._known[key] = trial
        self.count += 1
        if self.best is None or trial.score > self.best.score:
            self.best = trial
        self._told(trial)
        return trial

    def keep(self, program: Program, note: str = "") -> Program:
        """Make a program the best, whatever others scored: it was chosen by more than its score on dev."""
        self.best = self.trial(program, note)
        return program

    def gain(self, before: Trial, after: Trial) -> Gain:
        """How much better one trial is than another, and how sure that is."""
        return gain(self._objective.whole, before.marks, after.marks)

    def _recall(self, key: str) -> Marks | None:
        if self._journal is None or key not in self._journal:
            return None
        return Marks.from_dict(self._journal.get(key))

    def _built(self, program: Program) -> list[Any]:
        """What the answers depend on besides the state."""
        options = program.options
        return [options.language, options.taxonomy.fingerprint, asdict(options.shown), options.reasoning]

    def _measure(self, program: Program) -> Marks:
        whole = self._objective.whole
        taxonomy = program.options.taxonomy
        system: System = ProgramSystem(Programs(program)) if self._objective.of_text else Decisions(program)
        tallies = Tallies([whole], taxonomy)
        cases = Cases(self._conversations, taxonomy)
        for result in run(
            cases, [Entry(system, "reference")], self._concurrency, lambda _system, _said: None
        ):
            for predictions in result.predictions.values():
                tallies.add(predictions)
        rows = tallies.of(whole)
        value = float(whole.value(rows.sum(axis=0)))
        plain = tuple(tuple(row) for row in rows.tolist())
        # Nothing to score is no score at all.
        return Marks(0.0 if value != value else value, plain, tuple(tallies.right), sum(tallies.failures))  # noqa: PLR0124  only nan differs
