"""Programs as systems to evaluate: asked for no more than what is scored, or of another language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.choosing import Programs
from csc_dspy.conversations import Conversation, TurnExample
from csc_dspy.evaluation.contexts import Context
from csc_dspy.evaluation.predictions import Prediction
from csc_dspy.evaluation.systems import ProgramSystem
from csc_dspy.exceptions import CSCError
from csc_dspy.lm.failures import ends_a_run
from csc_dspy.metrics import Predicted
from csc_dspy.programs import Program
from csc_dspy.programs.teaching import given

if TYPE_CHECKING:
    import dspy


class Decisions(ProgramSystem):
    """A program that is not asked for the text of a response where a question of its own asks for that."""

    def __init__(self, program: Program) -> None:
        super().__init__(Programs(program))
        self._program = program

    async def predict(
        self, context: Context, dialogue: str, example: TurnExample, history: Conversation
    ) -> Prediction:
        """See `csc_dspy.evaluation.systems.System`."""
        try:
            said = await self._program.adecide(history=history, **given(self._program, example))
        except CSCError as error:
            if ends_a_run(error):
                raise
            return Prediction(context, dialogue, example, Predicted(error=str(error)))
        decided = Predicted(said.stage, said.strategy, None, said.strategy_probabilities)
        return Prediction(context, dialogue, example, decided)


class Elsewhere(ProgramSystem):
    """A system that asks a language model of its own, whatever is in force."""

    def __init__(self, system: ProgramSystem, lm: dspy.LM) -> None:
        vars(self).update(vars(system))
        self._system = system
        self._lm = lm

    async def predict(
        self, context: Context, dialogue: str, example: TurnExample, history: Conversation
    ) -> Prediction:
        """See `csc_dspy.evaluation.systems.System`."""
        import dspy

        with dspy.context(lm=self._lm):
            return await self._system.predict(context, dialogue, example, history)
