"""Studies with trials in them, and what such a search has found."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.samplers import RandomSampler
from optuna.study import StudyDirection

from csc_dspy.evaluation import Score
from csc_dspy.optimizers.sweep.result import Finalist, Swept
from csc_dspy.programs import Options, create

NASTY: Final = "openai/<b>$x$ & 客服"
OBJECTIVES: Final = ("macro-f1", "tokens-per-turn")


def searched(objectives: int = 1, trials: int = 30) -> optuna.Study:
    """A study whose parameters depend on one another, some of whose trials are pruned."""
    rng = random.Random(1)
    directions = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)[:objectives]
    study = optuna.create_study(directions=directions, sampler=RandomSampler(seed=1))

    def objective(trial: optuna.Trial) -> float | tuple[float, float]:
        optimizer = trial.suggest_categorical("optimizer", ["labeled", "balanced + prior", "knn"])
        size = trial.suggest_int(f"optimizer.{optimizer}.size", 0, 24)
        window = trial.suggest_categorical("history_tokens", [None, 400, 800]) or 1200
        defined = trial.suggest_categorical("shown.definitions", [True, False])
        weight = trial.suggest_float("prior.weight", 0.01, 10, log=True)
        trial.suggest_categorical("lm", ["embedded", NASTY])
        trial.suggest_categorical("language", ["en"])
        trial.set_user_attr("note", f"{optimizer}, {size} demonstrations")
        trial.set_user_attr("evaluated_turns", 40)
        if rng.random() < 0.3:
            raise optuna.TrialPruned
        value = 30 + size / 4 + 3 * defined - abs(weight - 1) + rng.random()
        return value if objectives == 1 else (value, 100 + 20 * size + int(window) / 9)

    study.optimize(objective, n_trials=trials)
    return study


def swept(study: optuna.Study, artifact: Path | None = None, **changed: Any) -> Swept:  # noqa: ANN401
    """What it has found; the figures of the confirmation are made up."""
    objectives = OBJECTIVES[: len(study.directions)]
    ranked = sorted(study.best_trials, key=lambda trial: -trial.values[0])
    finalists = tuple(
        Finalist(
            number=trial.number,
            parameters=trial.params,
            note=str(trial.user_attrs["note"]),
            scores={
                name: Score(value, value - 2.5, value + 2.5)
                for name, value in zip(objectives, trial.values, strict=True)
            },
            artifact=artifact,
        )
        for trial in ranked
    )
    baseline = Finalist(
        number=0,
        parameters={},
        note="baseline",
        scores={name: Score(31.25, 29.0, 33.5) for name in objectives},
    )
    states = [trial.state.name for trial in study.trials]
    found: dict[str, Any] = {
        "best": finalists[0],
        "baseline": baseline,
        "finalists": finalists,
        "front": tuple(each.number for each in finalists),
        "objectives": objectives,
        "difference": Score(5.0, 2.0, 8.0),
        "significant": "better",
        "statement": "macro-f1 on dev: 31.3 before, 36.3 after. It has become better by 5.0 (2.0 to 8.0).",
        "p": 0.01,
        "importance": {"optimizer": 0.6, "prior.weight": 0.25, "history_tokens": 0.1, "lm": 0.05},
        "test": None,
        "trials": len(states),
        "complete": states.count("COMPLETE"),
        "pruned": states.count("PRUNED"),
        "failed": 0,
        "evaluated_turns": 1240,
        "saved_turns": 2310,
        "calls": 1240,
        "tokens": 1_503_211,
        "usd": 1.25,
        "seconds": 93.5,
        "partial": False,
        "program": create("strategy-predictor", Options(language="en")),
    }
    return Swept(**{**found, **changed})
