"""Asking a program about turns: what it answers, how often it fails, and what is kept for a resumed run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import history_key
from csc_dspy.exceptions import CSCError
from csc_dspy.lm.failures import ends_a_run
from csc_dspy.metrics import Composite
from csc_dspy.programs.teaching import given

if TYPE_CHECKING:
    from csc_dspy.finetuning.rows import Case
    from csc_dspy.journal import Journal
    from csc_dspy.programs import Program, SupportPrediction


@dataclass(frozen=True, slots=True)
class Answered:
    """What a program answered about a turn, in the words of its labels."""

    right: bool
    """Whether all of it is, by the strict metric."""
    stage: str | None
    strategy: str | None
    response: str | None
    reasoning: tuple[str, ...] = ()
    """For each question that it asked on the way."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a program could not be asked about a turn."""

    problem: str


class Asker:
    """Asks a program, by the language model in force. What the journal holds is not asked for again.

    ``role`` keeps the entries of several programs apart.
    """

    def __init__(self, role: str, program_for: Callable[[Case], Program], journal: Journal) -> None:
        self._role = role
        self._program_for = program_for
        self._journal = journal
        self._strict = Composite().strict
        self._failed: dict[str, Failed] = {}

    @property
    def failures(self) -> int:
        """How many turns it could not be asked about."""
        return len(self._failed)

    async def ask(self, case: Case) -> Answered | Failed:
        """The answer about a turn; a failure that concerns this turn alone is an answer too."""
        key = self._key(case)
        if key in self._failed:
            return self._failed[key]
        if key in self._journal:
            entry = self._journal.get(key)
            return Answered(**{**entry, "reasoning": tuple(entry["reasoning"])})
        try:
            answered = await self._ask(case)
        except CSCError as error:
            if ends_a_run(error):
                raise
            # Not kept in the journal, so that it is tried again when the run is taken up.
            return self._failed.setdefault(key, Failed(str(error)))
        self._journal.record(key, asdict(answered))
        return answered

    async def _ask(self, case: Case) -> Answered:
        import dspy

        program = self._program_for(case)
        inputs = {"history": case.example.history, **given(program, case.turn)}
        trace: list[Any] = []
        with dspy.context(trace=trace, max_trace_size=len(program.predictors()) + 1):
            said = await program.acall(**inputs)
        reasoning = [prediction.get("reasoning") for _, _, prediction in trace]
        told = _told(said, program)
        return Answered(self._strict(case.example, said), **told, reasoning=tuple(filter(None, reasoning)))

    def _key(self, case: Case) -> str:
        gold = case.turn.turn
        right = (gold.text, gold.strategy and gold.strategy.id, case.turn.stage.id)
        return history_key(case.example.history, self._role, case.name, *right)


def _told(said: SupportPrediction, program: Program) -> Mapping[str, str | None]:
    language = program.options.language
    return {
        "stage": None if said.stage is None else said.stage.name[language],
        "strategy": None if said.strategy is None else said.strategy.name[language],
        "response": said.response,
    }
