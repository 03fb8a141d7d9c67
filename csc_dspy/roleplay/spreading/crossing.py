"""What workers tell the driver, as JSON: steps as they are done, what they cost, and how it ended."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from csc_dspy import exceptions
from csc_dspy.exceptions import CSCError
from csc_dspy.roleplay._base import Failed

if TYPE_CHECKING:
    from csc_dspy.lm import Budget
    from csc_dspy.lm.budget import RunUsage

T = TypeVar("T")

_DETAILS: Final = ("code", "status")


class Step(NamedTuple):
    """An entry for the journal."""

    key: str
    entry: Any
    instead_of: tuple[str, ...] = ()


class Spent(NamedTuple):
    """What language models took."""

    calls: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    usd: float = 0.0
    unpriced: int = 0

    @classmethod
    def of(cls, usage: RunUsage) -> Spent:
        """All of a usage."""
        return cls(
            usage.calls,
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_tokens,
            usage.reasoning_tokens,
            usage.usd,
            usage.unpriced_answers,
        )

    def since(self, before: Spent) -> Spent:
        """What has been added."""
        return Spent._make(now - then for now, then in zip(self, before, strict=True))

    def charge(self, budget: Budget) -> None:
        """Tell the budget of the run."""
        from csc_dspy.lm.budget import Tokens

        tokens = Tokens(self.input, self.output, self.cached, self.reasoning)
        budget.take_over(self.calls, tokens, self.usd, self.unpriced)


@dataclass(frozen=True)
class Note:
    """Some news of a dialogue."""

    task: str
    """Its key."""
    steps: tuple[Step, ...] = ()
    over: bool = False
    """Whether there will be no other."""
    failed: dict[str, Any] | None = None
    """What `Failed` has besides the task."""
    error: dict[str, Any] | None = None
    """What ends the run, as `to_plain` gives it."""


@dataclass(frozen=True)
class News:
    """All that a worker has to tell at a time: notes in their order, and what was spent since the last."""

    notes: tuple[Note, ...]
    spent: Spent

    def to_json(self) -> str:
        """The news as text that any encoding can hold."""
        return json.dumps([[vars(note) for note in self.notes], self.spent])

    @classmethod
    def from_json(cls, text: str) -> News:
        """The news from what `to_json` gave."""
        notes, spent = json.loads(text)
        return cls(tuple(_note(**note) for note in notes), Spent._make(spent))


def _note(*, steps: list[Any], **others: Any) -> Note:  # noqa: ANN401  as JSON has it
    return Note(steps=tuple(Step(key, entry, tuple(gone)) for key, entry, gone in steps), **others)


def failure(failed: Failed) -> dict[str, Any]:
    """A failure without its task, which the driver has."""
    return {name: getattr(failed, name) for name in ("reason", "detail", "calls", "tokens", "usd")}


def to_plain(error: CSCError) -> dict[str, Any]:
    """An error as JSON, as the nearest kind that is known everywhere."""
    kinds = _kinds()
    kind = next(each.__name__ for each in type(error).__mro__ if each.__name__ in kinds)
    details = {name: getattr(error, name) for name in _DETAILS if getattr(error, name, None) is not None}
    told = {"problem": error.problem, "where": error.where, "remedy": error.remedy}
    return {"kind": kind, **told, "details": details}


def from_plain(plain: dict[str, Any]) -> CSCError:
    """The error that `to_plain` was given."""
    error = _kinds()[plain["kind"]](plain["problem"], where=plain["where"], remedy=plain["remedy"])
    for name, value in plain["details"].items():
        setattr(error, name, value)
    return error


def _kinds() -> dict[str, type[CSCError]]:
    from csc_dspy.lm import failures

    found = [*vars(exceptions).values(), *vars(failures).values()]
    return {each.__name__: each for each in found if isinstance(each, type) and issubclass(each, CSCError)}


async def all_of(queue: asyncio.Queue[T]) -> list[T]:
    """What is in a queue, as soon as there is something."""
    found = [await queue.get()]
    while not queue.empty():
        found.append(queue.get_nowait())
    return found
