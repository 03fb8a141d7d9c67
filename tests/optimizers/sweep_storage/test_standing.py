"""How far a study has come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from csc_dspy.optimizers.sweep.standing import Standing

NOON = datetime(2026, 5, 4, 12)  # noqa: DTZ001  as Optuna writes times
SPACE: Any = {"x": optuna.distributions.IntDistribution(0, 99)}


def add(study: optuna.Study, state: TrialState, seconds: float = 0, x: int = 0, **attrs: Any) -> None:  # noqa: ANN401
    values = attrs.pop("values", None)
    trial = create_trial(state=state, params={"x": x}, distributions=SPACE, user_attrs=attrs, values=values)
    if state.is_finished():
        trial.datetime_start = NOON
        trial.datetime_complete = NOON + timedelta(seconds=seconds)
    study.add_trial(trial)


def test_an_empty_study() -> None:
    standing = Standing.of(optuna.create_study(direction="maximize"))
    assert (standing.finished, standing.best, standing.per_minute, standing.usd) == (0, (), None, 0)
    assert standing.objectives == ("objective 1",)
    assert standing.minutes_left(100) is None


@pytest.mark.filterwarnings("ignore:.*set_metric_names is experimental")
def test_counts_and_sums() -> None:
    study = optuna.create_study(direction="maximize")
    study.set_metric_names(["macro-f1"])
    taken: dict[str, Any] = {"evaluated_turns": 30, "saved_turns": 10, "calls": 30, "tokens": 900, "usd": 0.5}
    add(study, TrialState.COMPLETE, 10, x=3, values=[41.0], note="labeled, 3 demonstrations", **taken)
    add(study, TrialState.PRUNED, 20, **taken)
    add(study, TrialState.COMPLETE, 40, x=4, values=[40.0], **taken)
    add(study, TrialState.FAIL, 50, error="no answer", **taken)
    # Left by a worker that died.
    add(study, TrialState.FAIL, 60)
    # Queued again, with what its first worker left.
    add(study, TrialState.WAITING, **taken)
    add(study, TrialState.RUNNING, **taken)
    standing = Standing.of(study)
    assert (standing.complete, standing.pruned, standing.failed) == (2, 1, 1)
    assert (standing.running, standing.waiting, standing.finished) == (1, 1, 4)
    assert (standing.evaluated_turns, standing.saved_turns) == (120, 40)
    assert (standing.calls, standing.tokens, standing.usd) == (120, 3600, 2.0)
    (best,) = standing.best
    assert (best.number, best.values, best.parameters) == (0, (41.0,), {"x": 3})
    assert best.note == "labeled, 3 demonstrations"
    assert standing.objectives == ("macro-f1",)
    assert standing.maximize == (True,)
    # Two after the first one, in half a minute.
    assert standing.per_minute == pytest.approx(4)
    assert standing.minutes_left(8) == pytest.approx(1)
    assert standing.minutes_left(3) == 0


def test_the_pace_of_this_run_alone() -> None:
    study = optuna.create_study()
    for hour in (0, 1):
        for number in range(3):
            add(study, TrialState.COMPLETE, 3600 * hour + 10 * number, values=[1.0])
    begun = NOON + timedelta(seconds=3590)
    assert Standing.of(study, since=begun).per_minute == pytest.approx(6)
    assert Standing.of(study, since=NOON + timedelta(days=1)).per_minute is None


def test_an_unknown_price_makes_the_cost_unknown() -> None:
    study = optuna.create_study()
    add(study, TrialState.COMPLETE, values=[1.0], calls=0, usd=None)
    assert Standing.of(study).usd == 0
    add(study, TrialState.COMPLETE, values=[1.0], calls=3, usd=None)
    assert Standing.of(study).usd is None


def test_the_pareto_front_begins_with_the_best_of_the_first_objective() -> None:
    study = optuna.create_study(directions=["maximize", "minimize"])
    for values in ([40.0, 300.0], [50.0, 900.0], [39.0, 400.0], [45.0, 500.0]):
        add(study, TrialState.COMPLETE, values=values)
    standing = Standing.of(study)
    assert [point.values for point in standing.best] == [(50.0, 900.0), (45.0, 500.0), (40.0, 300.0)]
    assert standing.maximize == (True, False)


def test_what_breaks_a_constraint_is_not_best() -> None:
    study = optuna.create_study(direction="maximize")
    for number, excess in enumerate((0.0, 2.0)):
        trial = create_trial(value=number, constraints={"max-calls-per-turn": excess})
        study.add_trial(trial)
    (best,) = Standing.of(study).best
    assert best.number == 0
