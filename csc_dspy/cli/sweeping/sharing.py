"""A sweep with several workers: each by the same command, with a share of what the run may spend."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import CSCError

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.lm import Budget
    from csc_dspy.optimizers.sweep.standing import Standing
    from csc_dspy.optimizers.sweep.workers import Ended, Hired

GOES_ON: Final = "the same command goes on from there"
_EXPECTED: Final = (ExitCode.DONE, ExitCode.FAILURES_RECORDED)


@dataclass(frozen=True, slots=True)
class Shares:
    """What a run may spend, by so many workers."""

    connection: Connection
    workers: int

    def command(self, hired: Hired) -> Sequence[str]:
        """This process's command, as that of a worker."""
        given, number, workers = self.connection, hired.number, self.workers
        shares = {
            "--max-calls": _share(given.max_calls, number, workers),
            "--max-tokens": _share(given.max_tokens, number, workers),
            "--max-usd": None if given.max_usd is None else given.max_usd / workers,
        }
        limits = [word for name, share in shares.items() if share is not None for word in (name, str(share))]
        # Of an option that is given twice the last counts.
        begun_by = ["--worker", "--hired", str(hired)]
        return [sys.executable, "-m", "csc_dspy", *sys.argv[1:], *limits, *begun_by]

    def left(self, before: Standing, after: Standing) -> Budget:
        """What the workers have not spent."""
        from csc_dspy.lm import Budget

        given = self.connection
        spent = (after.usd or 0) - (before.usd or 0)
        return Budget(
            max_calls=_rest(given.max_calls, after.calls - before.calls),
            max_tokens=_rest(given.max_tokens, after.tokens - before.tokens),
            max_usd=None if given.max_usd is None else max(given.max_usd - spent, 0),
        )


def look_at(ended: Sequence[Ended], *, complete: bool) -> None:
    """Say who was killed; CSCError if so many ended too early that trials are left over."""
    for each in ended:
        if each.died:
            say(f"worker {each.number} was killed; its trial was left to the others")
    failed = [each for each in ended if each.code not in _EXPECTED]
    if failed and not complete:
        problem = "was killed" if failed[0].died else failed[0].said.removeprefix("error: ")
        raise CSCError(
            problem, where=f"worker {failed[0].number}", remedy=f"what was done is kept, {GOES_ON}"
        )


def _share(limit: int | None, number: int, workers: int) -> int | None:
    """Of a limit, what one of several may spend: all shares together are the limit."""
    return None if limit is None else limit * (number + 1) // workers - limit * number // workers


def _rest(limit: int | None, spent: int) -> int | None:
    return None if limit is None else max(limit - spent, 0)
