"""One dialogue, from its task to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from csc_dspy.conversations import Turn
from csc_dspy.exceptions import AnswerError, CSCError
from csc_dspy.roleplay._base import Ending, Failed, Played, Scenario, Task
from csc_dspy.roleplay.acting import Actors, Line, Moment
from csc_dspy.roleplay.events import Happenings
from csc_dspy.roleplay.rules import Position, Rules
from csc_dspy.roleplay.script import Memory, Said, Script


async def play(
    task: Task, actors: Actors, rules: Rules, journal: Memory | None = None
) -> tuple[Played | Failed, Script]:
    """Play a task to its end; the journal's part of it is not played again.

    A dialogue that the language model fails on comes to nothing, as `Failed`. What would fail all others as
    well, such as a wrong key, is raised.
    """
    from csc_dspy.lm.failures import ends_a_run

    script = Script(task.key, rules.taxonomy, journal)
    try:
        return await _Play(task, actors, rules, script).to_its_end(), script
    except CSCError as error:
        if ends_a_run(error):
            raise
        return Failed(task, reason_of(error), str(error), script.calls, script.tokens, script.usd), script


def reason_of(error: CSCError) -> str:
    """A failure in a word: ``timeout``, ``rate_limit``, … or ``unreadable``."""
    if isinstance(error, AnswerError):
        return "unreadable"
    return str(getattr(error, "code", None) or "failed")


@dataclass(frozen=True)
class _Play:
    """A dialogue under way."""

    task: Task
    actors: Actors
    rules: Rules
    script: Script

    async def to_its_end(self) -> Played:
        """Supporter and customer in turn, until somebody takes leave."""
        scenario = await self.script.scenario(lambda: self.actors.plan(self.task, self.rules))
        turns: list[Turn] = []
        overruled = 0
        left = False
        while True:
            position = self._position(turns, left=left)
            said = await self._support(scenario, position)
            turns.append(self._staged(said, position))
            overruled += said.overruled
            if ended := self._ended(said, position, left=left):
                return self._played(scenario, turns, ended, overruled)
            answer = await self._respond(scenario, turns)
            turns.append(answer.turn)
            left = answer.over

    def _position(self, turns: Sequence[Turn], *, left: bool) -> Position:
        return Position(
            tuple(turns),
            closing_time=left or self.rules.is_last(len(turns)),
            reopened=self._happenings.reopened(turns),
        )

    async def _support(self, scenario: Scenario, position: Position) -> Said:
        happening = self._happenings.to_supporter(position.turns)
        moment = Moment(self.task, scenario, position, happening, self.rules.allowed(position))

        async def speak() -> Line:
            return await self.actors.support(moment, self.rules)

        return await self.script.say(speak)

    async def _respond(self, scenario: Scenario, turns: Sequence[Turn]) -> Said:
        happening = self._happenings.to_customer(turns)
        moment = Moment(self.task, scenario, Position(tuple(turns)), happening)

        async def speak() -> Line:
            return await self.actors.respond(moment)

        return await self.script.say(speak)

    def _staged(self, said: Said, position: Position) -> Turn:
        strategy = said.turn.strategy
        assert strategy is not None
        return said.turn.model_copy(update={"stage": self.rules.stage_of(strategy, position)})

    def _ended(self, said: Said, position: Position, *, left: bool) -> Ending | None:
        """How the talk has ended with the supporter's turn; None if it goes on.

        A customer who breaks off still hears a farewell, and so does one whose talk has grown too long.
        """
        if left:
            return "customer"
        if said.turn.strategy == self.rules.parts.closing and not position.closing_time:
            return "closure"
        return "length" if position.closing_time else None

    def _played(self, scenario: Scenario, turns: Sequence[Turn], ended: Ending, overruled: int) -> Played:
        return Played(
            self.task,
            scenario,
            tuple(turns),
            ended,
            self.actors.models,
            self.script.calls,
            self.script.tokens,
            overruled,
            self.actors.notes,
            self.script.usd,
        )

    @property
    def _happenings(self) -> Happenings:
        return Happenings(self.task, self.rules.taxonomy)


def recounted(played: Played, script: Script) -> Played:
    """A dialogue with what its script has cost by now."""
    return replace(played, calls=script.calls, tokens=script.tokens, usd=script.usd)
