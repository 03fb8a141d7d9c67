"""What can be evaluated: programs, and predictions that were made elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

from csc_dspy.choosing import Programs
from csc_dspy.conversations import Conversation, TurnExample, history_key
from csc_dspy.evaluation.contexts import CONTEXTS, Context
from csc_dspy.evaluation.predictions import Prediction, read_prediction
from csc_dspy.exceptions import ConfigError, CSCError
from csc_dspy.journal import Journal
from csc_dspy.lm.failures import ends_a_run
from csc_dspy.lm.measuring import measuring
from csc_dspy.metrics import Aspect, Predicted
from csc_dspy.programs import Program, ResponseWriter, StrategyClassifier, SupportPrediction
from csc_dspy.programs.teaching import given
from csc_dspy.taxonomy import Taxonomy

_WRITTEN: Final[tuple[Aspect, ...]] = ("stage", "strategy", "response")


class System(Protocol):
    """Something that says what the supporter's next turn should be."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    @property
    def taxonomy(self) -> Taxonomy:
        """What its labels belong to."""
        ...

    @property
    def contexts(self) -> tuple[Context, ...]:
        """The contexts in which it can be evaluated."""
        ...

    @property
    def aspects(self) -> frozenset[Aspect]:
        """What it answers, and is wrong about where an answer is missing."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """What its answers depend on, besides what it is asked and the language model."""
        ...

    async def predict(
        self, context: Context, dialogue: str, example: TurnExample, history: Conversation
    ) -> Prediction:
        """What it says after ``history``. A failure that concerns this turn alone is a prediction too."""
        ...


class ProgramSystem:
    """A program, asked by the language model in force. What the journal holds is not asked for again.

    ``role`` keeps the entries of several systems in one journal apart.
    """

    def __init__(self, programs: Programs, role: str = "evaluated") -> None:
        self.journal: Journal | None = None
        self.failed = 0
        """How many turns it could not be asked about."""
        self.name = programs.name
        self.lm = programs.lm
        """The language model that it asks instead of the one in force."""
        self.taxonomy = programs.options.taxonomy
        self.identity = programs.identity
        self._programs = programs
        self._role = role
        self._sample = programs.in_language(programs.language or "en")

    @property
    def contexts(self) -> tuple[Context, ...]:
        """A program that labels a given turn has nothing to put into the history."""
        return CONTEXTS[:1] if isinstance(self._sample, StrategyClassifier) else CONTEXTS

    @property
    def aspects(self) -> frozenset[Aspect]:
        """What its predictors are asked for; what it is given is not its own."""
        if isinstance(self._sample, ResponseWriter):
            return frozenset({"response"})
        asked = {name for each in self._sample.predictors() for name in each.signature.output_fields}
        if "strategy" in asked:
            # The stage follows from it where it is not asked for.
            asked.add("stage")
        return frozenset(aspect for aspect in _WRITTEN if aspect in asked) or frozenset(_WRITTEN)

    async def predict(
        self, context: Context, dialogue: str, example: TurnExample, history: Conversation
    ) -> Prediction:
        """Ask, unless it has been answered before; see `System`."""
        program = self._programs.in_language(self._programs.language or example.language)
        told = given(program, example)
        about = {name: str(value) for name, value in told.items()}
        key = history_key(history, self._role, context, dialogue, example.index, about)
        if self.journal is not None and key in self.journal:
            return read_prediction(self.journal.get(key), context, dialogue, example, self.taxonomy)
        prediction = await self._ask(program, context, dialogue, example, {"history": history, **told})
        # A failure is not kept, so that it is tried again when the run is taken up.
        if self.journal is not None and prediction.predicted.error is None:
            self.journal.record(key, prediction.row())
        return prediction

    async def _ask(
        self,
        program: Program,
        context: Context,
        dialogue: str,
        example: TurnExample,
        inputs: Mapping[str, Any],
    ) -> Prediction:
        begun = time.perf_counter()
        with measuring() as measured:
            try:
                predicted = self._own(await program.acall(**inputs))
            except CSCError as error:
                if ends_a_run(error):
                    raise
                predicted = Predicted(error=str(error))
                self.failed += 1
        seconds = round(time.perf_counter() - begun, 4)
        return Prediction(context, dialogue, example, predicted, measured.usage, seconds)

    def _own(self, said: SupportPrediction) -> Predicted:
        if isinstance(self._sample, ResponseWriter):
            return Predicted(response=said.response)
        return Predicted(said.stage, said.strategy, said.response, said.strategy_probabilities)


def contexts_for(system: System, wanted: tuple[Context, ...] | None) -> tuple[Context, ...]:
    """The contexts to evaluate a system in: all that it can be if none are wanted; else ConfigError."""
    if wanted is None:
        return system.contexts
    for context in wanted:
        if context not in system.contexts:
            raise ConfigError(
                f"{system.name} cannot be evaluated in the {context} context: {_why_not(system)}",
                remedy=f"give --contexts {','.join(system.contexts)}",
            )
    return wanted


def _why_not(system: System) -> str:
    if isinstance(system, ProgramSystem):
        return "it labels turns that are there, and generates none"
    return "there are no predictions for it"
