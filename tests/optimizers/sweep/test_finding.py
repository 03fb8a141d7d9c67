"""Whether a sweep finds what is there to be found, and what it says of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import optuna
import pytest

from csc_dspy.lm import Price
from csc_dspy.optimizers import sweep
from csc_dspy.optimizers.sweep.importance import importances
from csc_dspy.optimizers.sweep.memory import Memory
from csc_dspy.optimizers.sweep.samplers import SAMPLERS, sampler
from tests.optimizers.sweep.small import data, written
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer

SPACE = """
objectives = ["accuracy", "tokens-per-turn"]
trials = 10
[space]
program = "strategy-predictor"
lm = { values = ["openai/bad", "openai/good"] }
[space.shown]
definitions = { values = [true, false] }
distinctions = { values = [true, false] }
"""


def by_name(asked: Mapping[str, Any]) -> str:
    """A good model sees what the conversation is about; a bad one always says the same."""
    label = "Information Delivery" if asked["model"] == "good" else "Others"
    return f"[[ ## strategy ## ]]\n{label}\n\n[[ ## completed ## ]]"


@pytest.fixture
def priced(llm_server: LLMServer, monkeypatch: pytest.MonkeyPatch) -> LLMServer:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    llm_server.usually(Behaviour(reply=by_name))
    return llm_server


def test_the_better_model_with_the_shorter_prompt_is_the_knee(tmp_path: Path, priced: LLMServer) -> None:
    options = {"api_base": priced.url, "price": Price(1.0, 2.0)}
    settings = written(tmp_path, SPACE, lm_options=options, **data(train=2, dev=2))
    found = sweep(settings, out=tmp_path / "out")
    assert found.best.parameters == {
        "lm": "openai/good",
        "shown.definitions": False,
        "shown.distinctions": False,
    }
    # What a turn takes is that of its own first asking, whichever trial that was in.
    tokens = {each.number: each.scores["tokens-per-turn"].value or 0 for each in found.finalists}
    assert 0 < tokens[found.best.number] < tokens[found.baseline.number] / 2
    assert found.calls == len(priced.requests) == len({each.body for each in priced.requests})
    assert found.usd is not None
    assert found.tokens / 1e6 < found.usd < 2 * found.tokens / 1e6


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_what_matters_is_told_in_both_directions(direction: Literal["maximize", "minimize"]) -> None:
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(80):
        trial = study.ask()
        matters, not_much = trial.suggest_float("matters", 0, 1), trial.suggest_float("not-much", 0, 1)
        study.tell(trial, 10 * matters + not_much)
    found = importances(study)
    assert list(found) == ["matters", "not-much"]
    assert found["matters"] > 0.7
    assert sum(found.values()) == pytest.approx(1, abs=1e-3)


def test_of_several_objectives_the_first_is_told_of() -> None:
    study = optuna.create_study(
        directions=["maximize", "minimize"], sampler=optuna.samplers.RandomSampler(seed=1)
    )
    for _ in range(80):
        trial = study.ask()
        first, second = trial.suggest_float("first", 0, 1), trial.suggest_float("second", 0, 1)
        study.tell(trial, (first, second))
    assert next(iter(importances(study))) == "first"


def test_of_a_single_trial_nothing_can_be_told() -> None:
    study = optuna.create_study()
    study.tell(study.ask(), 1.0)
    assert importances(study) == {}


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in {"auto", "gp"}])
def test_samplers_are_seeded(name: str) -> None:
    def drawn(seed: int) -> list[dict[str, float]]:
        study = optuna.create_study()
        for number in range(14):
            study.sampler = sampler(name, seed + number, 14)
            trial = study.ask()
            study.tell(trial, trial.suggest_float("x", 0, 1) + trial.suggest_int("y", 1, 5))
        return [each.params for each in study.trials]

    assert drawn(3) == drawn(3) != drawn(30)


def test_a_memory_is_shared_and_survives(tmp_path: Path) -> None:
    with Memory(tmp_path) as one, Memory(tmp_path) as other:
        one.put({"a": [1, "客服"]})
        assert one.get("a") == [1, "客服"]
        one.flush()
        assert other.get("a") == [1, "客服"]
        assert other.get("b") is None
        other.put({str(number): number for number in range(20)})
        assert one.get("19") == 19
        other.put({"last": None, "late": 1})
    with Memory(tmp_path) as later:
        assert later.get("late") == 1
