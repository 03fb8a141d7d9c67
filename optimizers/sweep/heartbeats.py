"""Storages that know which workers are alive, from the moment that a trial is theirs.

Optuna gives databases heartbeats, which begin when the sampler has chosen and the objective is called; a
worker killed before that would keep its trial for ever. Journal files have none at all.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, Final

import optuna
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages._heartbeat import BaseHeartbeat  # The seam that `Study.optimize` looks for.
from optuna.storages._rdb import models
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from .hushing import experimenting

_BEATS: Final = 4
"""In the time of silence after which a worker counts as dead."""
_RETRIES: Final = 2
"""A trial that ends every worker, by its memory perhaps, is not to end all of them."""
_BEAT: Final = "csc:heartbeat"


_only_reading: ContextVar[bool] = ContextVar("only_reading", default=False)


def only_reading() -> bool:
    """Whether the transaction that begins now will write nothing."""
    return _only_reading.get()


@contextmanager
def _reading() -> Iterator[None]:
    token = _only_reading.set(True)
    try:
        yield
    finally:
        _only_reading.reset(token)


class BeatingDatabase(RDBStorage):
    """A database; trials of workers that were silent for ``dead_after`` seconds are queued again."""

    def __init__(self, url: str, engine_kwargs: dict[str, Any], dead_after: int) -> None:
        with experimenting():
            super().__init__(
                url,
                engine_kwargs,
                heartbeat_interval=max(dead_after // _BEATS, 1),
                grace_period=dead_after,
                heartbeat_stale_trial_callback=requeue,
            )
        self._dead_after = timedelta(seconds=dead_after)
        # A driver complains of connections that nobody closed.
        weakref.finalize(self, self.engine.dispose)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """As Optuna does it, in a transaction that takes nothing from those who write."""
        with _reading():
            return super().get_trial(trial_id)

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        # What the cache calls to hear of trials, many times in each.
        with _reading():
            return super()._get_trials(study_id, states, included_trial_ids, trial_id_greater_than)

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        # What the cache that Optuna puts before every database calls to make a trial.
        trial = super()._create_new_trial(study_id, template_trial)
        if trial.state == TrialState.RUNNING:
            self.record_heartbeat(trial._trial_id)  # noqa: SLF001  it has no other name
        return trial

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """As Optuna does it; a trial that is taken from the queue lives."""
        changed = super().set_trial_state_values(trial_id, state, values)
        if changed and state == TrialState.RUNNING:
            self.record_heartbeat(trial_id)
        return changed

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        return [*super()._get_stale_trial_ids(study_id), *self._without_a_beat(study_id)]

    def _without_a_beat(self, study_id: int) -> list[int]:
        """Trials whose worker ended between taking them and its first beat; Optuna passes over these."""
        before = datetime.now() - self._dead_after  # noqa: DTZ005  as Optuna writes times
        trial, beat = models.TrialModel, models.TrialHeartbeatModel
        with self.scoped_session() as session:
            found = (
                session.query(trial.trial_id)
                .outerjoin(beat, beat.trial_id == trial.trial_id)
                .filter(trial.study_id == study_id, trial.state == TrialState.RUNNING)
                .filter(beat.trial_heartbeat_id.is_(None))
                .all()
            )
        begun = {number: self.get_trial(number).datetime_start for (number,) in found}
        return [number for number, since in begun.items() if since is not None and since < before]


class BeatingJournal(JournalStorage, BaseHeartbeat):
    """A journal file with heartbeats in it, by the clocks of the workers' machines."""

    def __init__(self, path: str, dead_after: int) -> None:
        super().__init__(JournalFileBackend(path))
        self._dead_after = dead_after

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """As Optuna does it; the trial lives."""
        trial_id = super().create_new_trial(study_id, template_trial)
        if template_trial is None:
            self.record_heartbeat(trial_id)
        return trial_id

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """As Optuna does it; a trial that is taken from the queue lives."""
        changed = super().set_trial_state_values(trial_id, state, values)
        if changed and state == TrialState.RUNNING:
            self.record_heartbeat(trial_id)
        return changed

    def record_heartbeat(self, trial_id: int) -> None:
        """Note that the trial's worker is alive; of a trial that has ended that says nothing."""
        try:
            self.set_trial_system_attr(trial_id, _BEAT, time.time())
        except optuna.exceptions.UpdateFinishedTrialError:
            return

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        limit = time.time() - self._dead_after
        running = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.RUNNING,))
        return [
            trial._trial_id  # noqa: SLF001  it has no other name
            for trial in running
            if trial.system_attrs.get(_BEAT, _begun(trial)) < limit
        ]

    def get_heartbeat_interval(self) -> int:
        """Seconds between two beats."""
        return max(self._dead_after // _BEATS, 1)

    def get_heartbeat_stale_trial_callback(self) -> Callable[[optuna.Study, FrozenTrial], None]:
        """What is done with the trial of a dead worker."""
        return requeue


def _begun(trial: FrozenTrial) -> float:
    """When a trial was taken; its worker may have ended before the first beat."""
    return trial.datetime_start.timestamp() if trial.datetime_start else time.time()


def requeue(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queue the trial of a dead worker again, with the parameters that it had; not for ever."""
    history = [*trial.system_attrs.get("retry_history", ()), trial.number]
    if len(history) > _RETRIES:
        return
    kept = {name: value for name, value in trial.system_attrs.items() if name != _BEAT}
    study.add_trial(
        optuna.create_trial(
            state=TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            user_attrs=trial.user_attrs,
            # Names that Optuna's own callback uses, and reads in `retry_history`.
            system_attrs={**kept, "failed_trial": history[0], "retry_history": history},
        )
    )


def recover(study: optuna.Study) -> None:
    """Queue the trials of dead workers again; `Study.optimize` does so before each trial of its own."""
    with experimenting():
        optuna.storages.fail_stale_trials(study)
