"""Parameters, and when they count."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from csc_dspy.optimizers.sweep.reading import read_settings
from csc_dspy.optimizers.sweep.samplers import chosen
from csc_dspy.optimizers.sweep.space import Choice, Parameter, Range, Space, counts
from tests.optimizers.sweep.small import data


@pytest.mark.parametrize(
    ("name", "beside", "does"),
    [
        ("variant", {"program": "support-agent"}, True),
        ("variant", {"program": "stage-tracker"}, False),
        ("temperature", {"lm": "embedded"}, False),
        ("temperature", {"lm": "embedded/1234"}, False),
        ("temperature", {"lm": "openai/gpt-4o"}, True),
        ("shown.hint", {"optimizer": "none"}, True),
        ("prior-weight", {"optimizer": "none"}, True),
        ("prior-weight", {"optimizer": "labeled+prior"}, False),
        ("calibration", {"optimizer": "labeled+prior"}, True),
        ("calibration", {"optimizer": "prior+calibrate"}, False),
        ("balanced.candidates", {"optimizer": "balanced+prior"}, True),
        ("prior.weights", {"optimizer": "balanced+prior"}, True),
        ("knn.pool", {"optimizer": "balanced+prior"}, False),
        ("weights.stage", {"optimizer": "none"}, False),
        ("weights.stage", {"optimizer": "prior"}, True),
    ],
)
def test_when_a_parameter_counts(name: str, beside: dict[str, str], does: bool) -> None:
    assert counts(name, beside) is does


def space(*given: tuple[str, Any, Any]) -> Space:
    return Space(tuple(Parameter(*each) for each in given))


SPACE = space(
    ("program", Choice(("stage-tracker",)), "strategy-predictor"),
    ("reasoning", Choice((False, True)), False),
    ("optimizer", Choice(("none", "knn", "labeled")), "none"),
    ("prior-weight", Range(low=0.5, high=2.0, step=0.5), 0.0),
    ("knn.demonstrations", Range(low=2, high=8), None),
    ("labeled.demonstrations", Choice((16,)), None),
)


def test_a_trial_gets_what_counts() -> None:
    wanted = {"reasoning": True, "optimizer": "knn", "prior-weight": 1.5, "knn.demonstrations": 3}
    trial = optuna.trial.FixedTrial(wanted)
    values = SPACE.suggest(trial)
    assert values == {"program": "stage-tracker", **wanted}
    assert SPACE.searched(values) == wanted
    assert SPACE.values(wanted) == values
    other = SPACE.values({"reasoning": False, "optimizer": "labeled", "prior-weight": 1.0})
    assert other["labeled.demonstrations"] == 16
    assert "knn.demonstrations" not in other


def test_the_baseline_is_uncompiled_and_near_the_defaults() -> None:
    assert SPACE.baseline() == {
        "program": "stage-tracker",
        "reasoning": False,
        "optimizer": "none",
        "prior-weight": 0.5,
    }


def test_the_nearest_value() -> None:
    assert Choice((1, True)).nearest(True) is True
    assert Choice(("a", "b")).nearest("c") == "a"
    assert [Range(low=2, high=9, step=3).nearest(wanted) for wanted in (0, 4, 9, 30, None)] == [2, 5, 8, 8, 2]
    assert Range(low=0.5, high=1.0).nearest(0.75) == 0.75


def test_values_that_a_sampler_draws_are_in_the_space() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(60):
        values = SPACE.suggest(study.ask())
        for each in SPACE.parameters:
            if each.name in values and isinstance(each.dimension, Range):
                assert each.dimension.nearest(values[each.name]) == values[each.name]
                assert isinstance(values[each.name], int) is each.dimension.whole


def _chains(*names: str) -> list[tuple[str, Any, Any]]:
    return [("optimizer", Choice(("none", *names)), "none")]


def _lms(*names: str) -> list[tuple[str, Any, Any]]:
    return [("lm", Choice(names), "embedded")]


NUMBERS = space(("prior-weight", Range(low=0.0, high=2.0), 0.0))


@pytest.mark.parametrize(
    ("given", "objectives", "trials", "sampler"),
    [
        (SPACE, 1, 100, "tpe"),
        (SPACE, 2, 1000, "tpe"),
        (space(("reasoning", Choice((False, True)), False)), 2, 1000, "nsga"),
        (space(("reasoning", Choice((False, True)), False)), 2, 20, "tpe"),
    ],
)
def test_the_sampler_suits_the_space(given: Space, objectives: int, trials: int, sampler: str) -> None:
    assert chosen("auto", given, objectives, trials) == sampler
    assert chosen("random", given, objectives, trials) == "random"


def test_gaussian_processes_are_for_numbers_and_need_their_libraries() -> None:
    from importlib.util import find_spec

    there = all(map(find_spec, ("torch", "scipy")))
    assert chosen("auto", NUMBERS, 1, 100) == ("gp" if there else "tpe")


@pytest.mark.parametrize(
    ("given", "depends"),
    [
        (NUMBERS, False),
        (SPACE, True),
        (space(*_chains("labeled"), ("prior-weight", Range(low=0.0, high=2.0), 0.0)), False),
        (space(*_chains("prior"), ("prior-weight", Range(low=0.0, high=2.0), 0.0)), True),
        (space(*_lms("embedded"), ("temperature", Range(low=0.0, high=1.0), None)), False),
        (space(*_lms("embedded", "openai/x"), ("temperature", Range(low=0.0, high=1.0), None)), True),
    ],
)
def test_whether_parameters_depend_on_others(given: Space, depends: bool) -> None:
    assert given.conditional is depends


def test_the_presets_fit_their_samplers() -> None:
    for preset, expected in (("quick", "tpe"), ("cost", "tpe")):
        settings = read_settings(preset=preset, **data())
        assert chosen("auto", settings.space, len(settings.objectives), settings.trials) == expected
