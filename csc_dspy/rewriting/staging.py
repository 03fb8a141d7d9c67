"""The stage of each supporter turn: by the rule, or by the stage tracker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from csc_dspy.conversations import Conversation, history_key
from csc_dspy.rewriting._base import Transcript
from csc_dspy.rewriting.asking import Asking, AskingStep

if TYPE_CHECKING:
    from csc_dspy.choosing import Programs

Stages = Literal["rule", "tracker"]
"""Where stages come from."""


@dataclass(frozen=True)
class ByRule:
    """The stage that follows from the strategies."""

    name: str = "stages"

    @property
    def identity(self) -> Mapping[str, Any]:
        """By what stages are found."""
        return {"stages": "rule"}

    async def take(self, transcript: Transcript) -> Transcript:
        """Write the stages down."""
        return transcript.having(transcript.conversation.with_stages())


@dataclass(frozen=True)
class ByTracker(AskingStep):
    """The stage that the stage tracker finds, turn after turn, each with the stages before it in view."""

    asking: Asking
    programs: Programs
    name: str = "stages"

    @property
    def identity(self) -> Mapping[str, Any]:
        """By what stages are found."""
        return {"stages": self.programs.identity}

    async def taken(self, transcript: Transcript) -> Transcript:
        """Have the stages tracked."""
        conversation = transcript.conversation
        turns = list(conversation.dialogue)
        for index, turn in conversation.supporter_turns():
            stage = await self._stage(conversation.with_turns(turns[:index]))
            turns[index] = turn.model_copy(update={"stage": conversation.taxonomy.stage(stage)})
        return transcript.having(conversation.with_turns(turns))

    async def _stage(self, before: Conversation) -> str:
        program = self.programs.for_conversation(before)

        async def tracked() -> str:
            said = await program.acall(history=before)
            return str(said.stage.id)

        key = history_key(before, self.name, program.options.language)
        return await self.asking.once(key, tracked)
