"""Studies that several processes work on at the same time, and that one of them leaves without a word."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage, RDBStorage
from optuna.trial import TrialState

from csc_dspy.optimizers.sweep.heartbeats import recover, requeue
from csc_dspy.optimizers.sweep.storage import open_storage
from tests.optimizers.sweep_storage.conftest import DEAD_AFTER, STUDY, Start


def numbers(said: str) -> list[int]:
    return [int(line) for line in said.split()]


def test_each_waiting_trial_is_taken_by_one_worker(study: optuna.Study, start: Start) -> None:
    queued = 24
    for number in range(queued):
        study.enqueue_trial({"x": number / queued})
    workers = [start(str(queued)) for _ in range(3)]
    said = [worker.communicate(timeout=60) for worker in workers]
    assert [errors for _, errors in said] == ["", "", ""]
    run = Counter(number for out, _ in said for number in numbers(out))
    assert set(run.values()) == {1}
    assert set(range(queued)) <= set(run)
    done = study.get_trials(deepcopy=False)
    assert sorted(run) == [trial.number for trial in done if trial.state == TrialState.COMPLETE]


def test_the_trial_of_a_killed_worker_is_run_again(study: optuna.Study, start: Start) -> None:
    victim = start("1", "hang")
    assert victim.stdout is not None
    lost = int(victim.stdout.readline())
    first = start("6")
    victim.kill()
    victim.wait()
    second = start("6")
    for worker in (first, second):
        assert worker.communicate(timeout=60)[1] == ""
    trials = study.get_trials(deepcopy=False)
    assert trials[lost].state == TrialState.FAIL
    (again,) = [each for each in trials if each.system_attrs.get("retry_history") == [lost]]
    assert again.state == TrialState.COMPLETE
    assert again.params == trials[lost].params
    assert {each.state for each in trials} == {TrialState.FAIL, TrialState.COMPLETE}


@pytest.mark.filterwarnings("ignore:Heartbeat of storage is supposed")
def test_a_worker_that_is_killed_while_the_sampler_chooses(
    study: optuna.Study, tmp_path: Path, url: str
) -> None:
    study.enqueue_trial({"x": 0.5})
    # What a worker leaves that was killed there: Optuna's own heartbeats have not begun.
    taken, begun = study.ask(), study.ask()
    other = optuna.load_study(study_name=STUDY, storage=open_storage(url, tmp_path, dead_after=DEAD_AFTER))
    recover(other)
    assert [each.state for each in other.trials] == [TrialState.RUNNING] * 2
    while any(each.state == TrialState.RUNNING for each in other.trials):
        time.sleep(0.2)
        recover(other)
    assert {each.number for each in other.trials if each.state == TrialState.FAIL} == {
        taken.number,
        begun.number,
    }
    waiting = [each for each in other.trials if each.state == TrialState.WAITING]
    assert [each.system_attrs["failed_trial"] for each in waiting] == [0, 1]
    assert waiting[0].system_attrs["fixed_params"] == {"x": 0.5}


@pytest.mark.filterwarnings("ignore:Heartbeat of storage is supposed")
def test_a_worker_that_is_killed_before_its_first_beat(study: optuna.Study) -> None:
    study.enqueue_trial({"x": 0.5})
    [waiting] = study.get_trials(deepcopy=False)
    storage: Any = study._storage  # noqa: SLF001  there is no other way to it
    # Optuna's own way of taking a trial, which is not followed by a beat. It puts a cache before databases.
    if isinstance(storage, JournalStorage):
        JournalStorage.set_trial_state_values(storage, waiting._trial_id, TrialState.RUNNING)  # noqa: SLF001
    else:
        RDBStorage.set_trial_state_values(storage._backend, waiting._trial_id, TrialState.RUNNING)  # noqa: SLF001
    recover(study)
    assert [each.state for each in study.get_trials()] == [TrialState.RUNNING]
    time.sleep(DEAD_AFTER + 1.1)
    recover(study)
    assert [each.state for each in study.get_trials()] == [TrialState.FAIL, TrialState.WAITING]


def test_a_trial_that_ends_every_worker_is_given_up() -> None:
    study = optuna.create_study()
    study.enqueue_trial({"x": 1})
    for _ in range(3):
        trial = study.ask()
        trial.suggest_int("x", 0, 9)
        study.tell(trial, state=TrialState.FAIL)
        requeue(study, study.trials[-1])
    assert [each.state for each in study.trials] == [TrialState.FAIL] * 3
    assert [each.params for each in study.trials] == [{"x": 1}] * 3
