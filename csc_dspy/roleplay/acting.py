"""The seam between a play and those who act in it: what they are shown, and what they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from csc_dspy.conversations import render
from csc_dspy.roleplay._base import Role, Scenario, Task
from csc_dspy.roleplay.rules import Position, Rules
from csc_dspy.taxonomy import Strategy


@dataclass(frozen=True)
class Moment:
    """A talk at the point where somebody speaks next."""

    task: Task
    scenario: Scenario
    position: Position
    happening: str
    """What is out of the ordinary, for the side that speaks next."""
    allowed: tuple[Strategy, ...] = ()
    """What a supporter may do; a customer does not hear of it."""

    def shown(self) -> str:
        """The talk so far as the supporter's side sees it."""
        return render(self.position.turns, self.task.language)

    def heard(self) -> str:
        """The talk so far as the customer hears it, without any label."""
        return render(self.position.turns, self.task.language, strategies=False)


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody says."""

    text: str
    strategy: Strategy | None = None
    """What a supporter's line follows."""
    over: bool = False
    """Whether a customer is done with it."""
    overruled: bool = False
    """Whether the strategy was replaced, because the one chosen was not allowed."""


class Actors(Protocol):
    """Whoever plays the roles."""

    @property
    def models(self) -> Mapping[Role, str]:
        """What each role is played by."""

    @property
    def notes(self) -> Mapping[str, Any]:
        """What rows are to say about it."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What the lines depend on besides the task and the language models."""

    async def plan(self, task: Task, rules: Rules) -> Scenario:
        """The scenario of a task."""

    async def support(self, moment: Moment, rules: Rules) -> Line:
        """The supporter's next line, by a strategy that is allowed."""

    async def respond(self, moment: Moment) -> Line:
        """The customer's next line."""
