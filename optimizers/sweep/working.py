"""One worker of a sweep: trials until the study has enough of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import BudgetError

from ..interrupts import ending
from .connections import Connections
from .hushing import quiet
from .memory import Memory
from .samplers import chosen, sampler, seed_of
from .standing import Standing
from .studies import begun, finished
from .trying import GivenUpError, Trying

if TYPE_CHECKING:
    import optuna

    from csc_dspy.lm import Budget

    from .settings import Settings

Told = Callable[[Standing], None]
"""Hears of the study after each trial."""

_MOST_ERRORS: Final = 5
_PAUSE: Final = 0.2
_PATIENCE: Final = 600
"""Seconds without any news after which trials that are running elsewhere are not waited for."""


def work(
    settings: Settings,
    study: optuna.Study,
    *,
    folder: Path,
    worker: int = 0,
    trials: int | None = None,
    budget: Budget | None = None,
    concurrency: int = 32,
    told: Told | None = None,
) -> None:
    """Run trials until the study has ``settings.trials`` finished ones, or this worker has run ``trials``.

    ``folder`` holds what is remembered of turns and compiled programs; workers on one machine share it.
    ``worker`` makes what is drawn differ from that of other workers. Trials that run elsewhere are waited
    for, because their worker may die and leave them to this one.

    Raises:
        BudgetError: A limit is reached. What was done is in the study, and the trial is queued again.
        LMError, ConfigError: What would fail every further call too.
    """
    from csc_dspy.lm import Budget

    budget = budget or Budget()
    with (
        quiet(),
        Memory(folder) as memory,
        Connections(settings.connecting, budget, memory, concurrency=concurrency) as connections,
    ):
        trying = Trying(settings, study, memory, connections, concurrency=concurrency)
        with ending(budget) as interrupts:
            try:
                for _ in _trials(settings, study, trying, worker, trials):
                    if told is not None:
                        told(Standing.of(study))
            except BudgetError:
                if interrupts.seen:
                    raise KeyboardInterrupt from None
                raise


def _trials(
    settings: Settings, study: optuna.Study, trying: Trying, worker: int, most: int | None
) -> Iterator[None]:
    """Run trials, as many as there are to run; raises when one after the other comes to an error."""
    errors = 0
    for done in count():
        before = None if done == most else _before_another(settings, study)
        if before is None:
            return
        study.sampler = _sampler(settings, before, worker)
        _run(study, trying)
        errors = 0 if trying.error is None else errors + 1
        if errors == _MOST_ERRORS and trying.error is not None:
            raise trying.error
        yield


def _run(study: optuna.Study, trying: Trying) -> None:
    """Run a trial. One that this worker has lost, because it was silent for too long, is another's by now."""
    from optuna.exceptions import OptunaError

    try:
        study.optimize(trying, n_trials=1, catch=(GivenUpError,))
    except (OptunaError, ValueError):
        if not trying.lost:
            raise


def _sampler(settings: Settings, before: int, worker: int) -> optuna.samplers.BaseSampler:
    """A sampler for the next trial alone: a study that was interrupted goes on as if it had not been."""
    name = chosen(settings.sampler, settings.space, len(settings.objectives), settings.trials)
    seed = seed_of("sampler", settings.seed, worker, before)
    return sampler(name, seed, settings.trials)


def _before_another(settings: Settings, study: optuna.Study) -> int | None:
    """How many trials are finished, if another is to be begun; waits while that depends on other workers."""
    from .heartbeats import recover

    news, since = -1, time.monotonic()
    # One look for both figures: with several workers a look is a question to a database that all of them ask.
    while (done := finished(trials := study.get_trials(deepcopy=False))) < settings.trials:
        if begun(trials) < settings.trials:
            return done
        if done != news:
            news, since = done, time.monotonic()
        if time.monotonic() - since > _PATIENCE:
            return None
        time.sleep(_PAUSE)
        recover(study)
    return None
