"""A worker: runs trials of a study until none is left over, or hangs in its first one.

Run as a script by the fixture `start`. It prints the number of each trial that it runs.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import optuna
from optuna.trial import TrialState

from csc_dspy.optimizers.sweep.heartbeats import recover
from csc_dspy.optimizers.sweep.storage import open_storage


def main(url: str, name: str, dead_after: str, goal: str, manner: str = "") -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(
        study_name=name,
        storage=open_storage(url, Path(), dead_after=int(dead_after)),
        sampler=optuna.samplers.RandomSampler(),
    )

    def objective(trial: optuna.Trial) -> float:
        value = trial.suggest_float("x", 0, 1)
        sys.stdout.write(f"{trial.number}\n")
        sys.stdout.flush()
        time.sleep(600 if manner == "hang" else 0.01)
        return value

    while True:
        states = Counter(trial.state for trial in study.get_trials(deepcopy=False))
        if states[TrialState.WAITING] or states[TrialState.COMPLETE] < int(goal):
            study.optimize(objective, n_trials=1)
        elif states[TrialState.RUNNING]:
            time.sleep(0.1)
            recover(study)
        else:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
