"""Carrying a sweep out: alone, with other processes, or as one of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.session import Session
from csc_dspy.cli.streams import say
from csc_dspy.cli.sweeping.sharing import GOES_ON, Shares, look_at
from csc_dspy.cli.sweeping.telling import answer, report
from csc_dspy.exceptions import BudgetError

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna

    from csc_dspy.cli.connection import Connection
    from csc_dspy.lm import Budget
    from csc_dspy.optimizers.sweep.settings import Settings
    from csc_dspy.optimizers.sweep.standing import Standing
    from csc_dspy.optimizers.sweep.workers import Hired

_WORKERS: Final = "workers"


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A sweep as the command line describes it."""

    settings: Settings
    connection: Connection
    out: Path
    """Also what workers on this machine remember turns and programs in."""
    storage: str | None
    dead_after: int

    def help_out(self, hired: Hired | None) -> ExitCode:
        """Run trials until the study has enough of them."""
        with _going_on(), self._study() as study, _shown(self.settings.trials) as told:

            def heard(standing: Standing) -> None:
                told(standing)
                if hired is not None and hired.alone:
                    raise KeyboardInterrupt

            # Who comes from elsewhere is to draw what nobody else draws.
            number = secrets.randbelow(2**31) if hired is None else hired.number
            partial = self._work(study, self.connection.budget, heard, number)
        return ExitCode.FAILURES_RECORDED if partial else ExitCode.DONE

    def carry_out(self, workers: int, *, test: str | None, as_json: bool) -> ExitCode:
        """Search, confirm what was found, and report it."""
        from csc_dspy.optimizers.sweep.confirming import confirm

        with _going_on(), self._study() as study:
            with _shown(self.settings.trials) as told:
                partial, budget = self._search(study, workers, told)
            swept = confirm(
                self.settings,
                study,
                folder=self.out,
                out=self.out,
                final_test=test,
                budget=budget,
                concurrency=self.connection.concurrency,
                partial=partial,
            )
            report(swept, study, self.settings, self.out)
        if partial:
            say(f"a limit was reached: {self.out} has the best so far; {GOES_ON}")
        answer(swept, self.out, as_json=as_json)
        return ExitCode.FAILURES_RECORDED if partial else ExitCode.DONE

    @contextmanager
    def _study(self) -> Iterator[optuna.Study]:
        from csc_dspy.optimizers.sweep.hushing import quiet
        from csc_dspy.optimizers.sweep.storage import open_storage
        from csc_dspy.optimizers.sweep.studies import open_study

        self.out.mkdir(parents=True, exist_ok=True)
        with quiet():
            yield open_study(self.settings, open_storage(self.storage, self.out, dead_after=self.dead_after))

    def _search(
        self, study: optuna.Study, workers: int, told: Callable[[Standing], None]
    ) -> tuple[bool, Budget]:
        """Whether a limit ended it, and what is left to be spent."""
        if workers > 1:
            return self._employ(study, workers, told)
        budget = self.connection.budget
        return self._work(study, budget, told, 0), budget

    def _work(
        self, study: optuna.Study, budget: Budget, told: Callable[[Standing], None], number: int
    ) -> bool:
        from csc_dspy.optimizers.sweep.working import work

        try:
            work(
                self.settings,
                study,
                folder=self.out,
                worker=number,
                budget=budget,
                concurrency=self.connection.concurrency,
                told=told,
            )
        except BudgetError:
            return True
        return False

    def _employ(
        self, study: optuna.Study, workers: int, told: Callable[[Standing], None]
    ) -> tuple[bool, Budget]:
        from csc_dspy.optimizers.sweep.standing import Standing
        from csc_dspy.optimizers.sweep.workers import employ

        shares = Shares(self.connection, workers)
        now = datetime.now()  # noqa: DTZ005  as Optuna writes times
        before = Standing.of(study)
        ended = employ(
            shares.command,
            workers,
            logs=self.out / _WORKERS,
            told=lambda: told(Standing.of(study, since=now)),
        )
        after = Standing.of(study)
        look_at(ended, complete=after.finished >= self.settings.trials)
        partial = any(each.code == ExitCode.FAILURES_RECORDED for each in ended)
        return partial and after.finished < self.settings.trials, shares.left(before, after)


@contextmanager
def _going_on() -> Iterator[None]:
    """Say what an interruption leaves behind."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"what was done is kept, {GOES_ON}")
        raise


@contextmanager
def _shown(goal: int) -> Iterator[Callable[[Standing], None]]:
    from csc_dspy.optimizers.sweep.dashboard import dashboard

    session = click.get_current_context().find_object(Session)
    with dashboard(goal, quiet=session is not None and session.quiet) as told:
        yield told
