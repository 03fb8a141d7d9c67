"""What has been said in a dialogue under way, kept so that a kill costs one turn at most."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any, Protocol

from csc_dspy.conversations import Turn
from csc_dspy.exceptions import AnswerError
from csc_dspy.lm.measuring import measuring, total
from csc_dspy.roleplay._base import Played, Scenario
from csc_dspy.roleplay.acting import Line
from csc_dspy.roleplay.quality import Verdict
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    from csc_dspy.roleplay.quality import Judge

Entry = dict[str, Any]


class Memory(Protocol):
    """What has been done: a `csc_dspy.journal.Journal`, or what stands for it where there is none."""

    def __contains__(self, key: object, /) -> bool: ...

    def get(self, key: str) -> Any:  # noqa: ANN401  whatever was recorded
        """The entry under a key that it contains."""

    def record(self, key: str, entry: object, *, instead_of: Iterable[str] = ()) -> None:
        """Keep an entry, in place of others."""


def steps_of(key: str, memory: Memory) -> dict[str, Entry]:
    """The steps of a dialogue that have been done, by their keys and in their order."""
    names = (_step_key(key, number) for number in count())
    return {name: memory.get(name) for name in takewhile(memory.__contains__, names)}


@dataclass(frozen=True, slots=True)
class Said:
    """A line that was spoken: as a turn, and what is known of it besides."""

    turn: Turn
    over: bool = False
    overruled: bool = False


class Script:
    """The steps of one dialogue: what the journal holds is read, the rest is done and written down.

    Every entry has what its step cost, so that a dialogue costs the same however often it was interrupted.
    """

    def __init__(self, key: str, taxonomy: Taxonomy, journal: Memory | None = None) -> None:
        self.calls = 0
        self.tokens = 0
        self.usd: float | None = 0.0
        self._key = key
        self._taxonomy = taxonomy
        self._journal = journal
        self._keys: list[str] = []

    @property
    def keys(self) -> list[str]:
        """Those of all steps so far, in the journal."""
        return self._keys

    async def scenario(self, plan: Callable[[], Awaitable[Scenario]]) -> Scenario:
        """The first step."""

        async def planned() -> Entry:
            scenario = await plan()
            return {"scene": scenario.scene, "goal": scenario.goal}

        entry = await self._step(planned)
        return Scenario(entry["scene"], entry["goal"])

    async def say(self, speak: Callable[[], Awaitable[Line]]) -> Said:
        """One turn: the supporter's if its line has a strategy. Its stage is the teller's to add."""

        async def spoken() -> Entry:
            line = await speak()
            label = {"strategy": line.strategy.id} if line.strategy else {}
            flags = {"over": line.over, "overruled": line.overruled}
            return {"text": line.text, **label, **{name: True for name, value in flags.items() if value}}

        return self._said(await self._step(spoken))

    async def judged(self, played: Played, judge: Judge) -> Verdict:
        """The last step; AnswerError if there is no verdict, so that it is asked for again another time."""

        async def verdict() -> Entry:
            found = await judge.judge(played)
            if found.error is not None:
                raise AnswerError(f"the judge gave no verdict: {found.error}")
            return found.to_dict()

        return Verdict.from_dict(await self._step(verdict))

    def _said(self, entry: Entry) -> Said:
        strategy = self._taxonomy.strategy(entry["strategy"]) if "strategy" in entry else None
        turn = Turn(speaker="supporter" if strategy else "customer", text=entry["text"], strategy=strategy)
        return Said(turn, entry.get("over", False), entry.get("overruled", False))

    async def _step(self, make: Callable[[], Awaitable[Entry]]) -> Entry:
        key = _step_key(self._key, len(self._keys))
        if self._journal is not None and key in self._journal:
            entry: Entry = self._journal.get(key)
        else:
            entry = await self._made(make)
            if self._journal is not None:
                self._journal.record(key, entry)
        self._keys.append(key)
        self.calls += entry["calls"]
        self.tokens += entry["tokens"]
        self.usd = total(self.usd, entry["usd"])
        return entry

    async def _made(self, make: Callable[[], Awaitable[Entry]]) -> Entry:
        with measuring() as measured:
            entry = await make()
        usage = measured.usage
        tokens = usage.input_tokens + usage.output_tokens
        return {**entry, "calls": usage.calls, "tokens": tokens, "usd": measured.usd}


def _step_key(key: str, number: int) -> str:
    return f"{key}:{number}"
