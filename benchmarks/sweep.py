"""What a sweep saves: beside a plain ``study.optimize`` loop over the same space, and with two workers.

Both search the quick preset on the samples with the embedded engine, by the same sampler. The plain loop does
what one writes first: each trial compiles its program and scores it on every turn of dev. Turn evaluations
are counted on dev; those of compiling are left out on both sides, which is to the loop's favour, as it
compiles anew each time. The workers are processes on one SQLite file, and their pace is that of the whole
run, from the start of the processes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optuna

from csc_dspy.lm import Budget
from csc_dspy.optimizers import sweep
from csc_dspy.optimizers.sweep.asking import course, goals_of
from csc_dspy.optimizers.sweep.building import Builder
from csc_dspy.optimizers.sweep.connections import Connections
from csc_dspy.optimizers.sweep.hushing import quiet
from csc_dspy.optimizers.sweep.memory import Memory
from csc_dspy.optimizers.sweep.reading import read_settings
from csc_dspy.optimizers.sweep.samplers import sampler
from csc_dspy.optimizers.sweep.scoring import Answers
from csc_dspy.optimizers.sweep.settings import Settings
from csc_dspy.optimizers.sweep.storage import open_storage
from csc_dspy.optimizers.sweep.studies import open_study
from csc_dspy.optimizers.sweep.working import work


def ours(settings: Settings) -> dict[str, Any]:
    """The sweep as it comes."""
    begun = time.perf_counter()
    with TemporaryDirectory() as folder:
        found = sweep(settings, out=folder)
    best = found.best.scores["accuracy"]
    return {
        "seconds": round(time.perf_counter() - begun, 1),
        "best": best.value,
        "interval": [best.low, best.high],
        "evaluated": found.evaluated_turns,
        "pruned": found.pruned,
        "trials": found.trials,
    }


def plain(settings: Settings) -> dict[str, Any]:
    """The loop that one writes first."""
    turns = course(settings)
    evaluated = 0

    def objective(trial: optuna.Trial) -> float:
        nonlocal evaluated
        values = settings.space.suggest(trial)
        with (
            TemporaryDirectory() as nothing,
            Memory(Path(nothing)) as memory,
            Connections({}, Budget(), memory, concurrency=32) as connections,
        ):
            connected = connections.get(values)
            builder = Builder(settings, memory, concurrency=32)
            with connected.in_force(trace=True):
                program = builder.build(values, connected.identity)
            with connected.in_force(trace=False):
                answers = Answers(program, turns, whole=False, concurrency=32)
                progress = answers.until(len(turns.turns))
        evaluated += len(turns.turns)
        goals = goals_of(program, connected, settings, turns)
        return goals.values(turns.by_dialogue(progress.predictions))[0]

    begun = time.perf_counter()
    with quiet():
        chosen = sampler("tpe", settings.seed, settings.trials)
        study = optuna.create_study(direction="maximize", sampler=chosen)
        study.enqueue_trial(settings.space.searched(settings.space.baseline()))
        study.optimize(objective, n_trials=settings.trials)
    return {
        "seconds": round(time.perf_counter() - begun, 1),
        "best": round(study.best_value, 4),
        "evaluated": evaluated,
    }


def pace(settings: Settings, workers: int, arguments: Sequence[str]) -> dict[str, Any]:
    """Trials a minute with so many workers."""
    with TemporaryDirectory() as folder:
        study = open_study(settings, open_storage(None, Path(folder)))
        begun = time.perf_counter()
        command = [sys.executable, __file__, *arguments, "--folder", folder, "--number"]
        # One thread of linear algebra for each, or two workers wait for each other's.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        processes = [subprocess.Popen([*command, str(each)], env=environment) for each in range(workers)]
        codes = [each.wait() for each in processes]
        seconds = time.perf_counter() - begun
        done = sum(each.state.name in {"COMPLETE", "PRUNED"} for each in study.get_trials(deepcopy=False))
    return {
        "workers": workers,
        "trials": done,
        "codes": codes,
        "seconds": round(seconds, 1),
        "trials a minute": round(60 * done / seconds, 1),
    }


def compared(settings: Settings) -> dict[str, Any]:
    """The sweep and the loop."""
    mine, theirs = ours(settings), plain(settings)
    low, high = mine["interval"]
    return {
        "sweep": mine,
        "loop": theirs,
        "turn evaluations saved": round(1 - mine["evaluated"] / theirs["evaluated"], 3),
        "best of the loop within the interval": low <= theirs["best"] <= high,
    }


def main() -> None:
    """Print one line of JSON for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", default="en")
    parser.add_argument("--trials", type=int, default=100, help="trials (default: 100)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("saved", "workers"), help="one of the two comparisons")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    settings = read_settings(
        preset="quick", language=options.language, trials=options.trials, seed=options.seed
    )
    if options.folder is not None:
        study = open_study(settings, open_storage(None, options.folder))
        work(settings, study, folder=options.folder, worker=options.number)
        return
    if options.only != "workers":
        print(json.dumps(compared(settings)))
    if options.only != "saved":
        arguments = ["--language", options.language, "--trials", str(options.trials)]
        one, two = (pace(settings, workers, arguments) for workers in (1, 2))
        ratio = round(two["trials a minute"] / one["trials a minute"], 2)
        print(json.dumps({"one": one, "two": two, "ratio": ratio}))


if __name__ == "__main__":
    main()
