"""Who plays and who judges: all that settling dialogues takes, as plain data, so it can be done anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from csc_dspy.roleplay._base import Role, Task
from csc_dspy.roleplay.acting import Actors
from csc_dspy.roleplay.models import Models
from csc_dspy.roleplay.rules import Rules
from csc_dspy.roleplay.settling import Settled, settle
from csc_dspy.taxonomy import Language

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget
    from csc_dspy.roleplay.quality import Judge
    from csc_dspy.roleplay.script import Memory


@dataclass(frozen=True, kw_only=True)
class Troupe:
    """Players, their rules and their judge. Nothing is connected yet."""

    rules: Rules
    models: Models
    fast: bool = False
    """Whether each side is one call, assistant and speaker in one."""
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Those of compiled roles, by their names."""
    threshold: int | None = None
    """How many of the judge's criteria have to be met; without one nothing is judged."""

    def actors(self, language: Language, lms: Mapping[Role, dspy.LM]) -> Actors:
        """Whoever plays in a language, by the language models of the roles."""
        if self.models.retrieved:
            from csc_dspy.roleplay.retrieving import Retrieval

            return Retrieval(self.rules.taxonomy, language)
        from csc_dspy.roleplay.cast import FastCast, FullCast

        cast = FastCast if self.fast else FullCast
        return cast(self.rules.taxonomy, language, self.models.names, lms, self.states)

    def judge(self) -> Judge | None:
        """The judge, if there is to be one."""
        if self.threshold is None:
            return None
        from csc_dspy.roleplay.quality import Judge

        return Judge(self.rules.taxonomy, threshold=self.threshold)

    @contextmanager
    def at_work(self, budget: Budget | None = None) -> Iterator[Company]:
        """The troupe with its language models connected, for the length of the block."""
        with self.models.open(budget) as lms:
            yield Company(self, lms)


class Company:
    """A troupe that can play: actors are made for a language when its first dialogue comes."""

    def __init__(self, troupe: Troupe, lms: Mapping[Role, dspy.LM]) -> None:
        self._troupe = troupe
        self._lms = lms
        self._judge = troupe.judge()
        self._actors: dict[Language, Actors] = {}

    async def settle(self, task: Task, memory: Memory) -> Settled:
        """Play, check and judge one dialogue; see `csc_dspy.roleplay.settle`."""
        actors = self._actors.get(task.language)
        if actors is None:
            actors = self._actors[task.language] = self._troupe.actors(task.language, self._lms)
        return await settle(task, actors, self._troupe.rules, self._judge, memory)
