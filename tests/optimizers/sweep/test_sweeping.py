"""Whole sweeps: the trials, the winner, its artifact, and what becomes of them when something goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import csc_dspy as csc
from csc_dspy.compiled import load, open_artifact
from csc_dspy.exceptions import BudgetError, ConfigError, LeakError, LMError
from csc_dspy.lm import Budget
from csc_dspy.optimizers import sweep
from csc_dspy.optimizers.sweep import Standing, Swept, open_storage, open_study, work
from csc_dspy.optimizers.sweep.asking import course
from csc_dspy.optimizers.sweep.heartbeats import requeue
from csc_dspy.optimizers.sweep.settings import Settings
from csc_dspy.optimizers.sweep.studies import baseline_of
from tests.optimizers.sweep.small import HOSTED, SMALL, data, few, written
from tests.support.behaviours import HEALTHY, Behaviour
from tests.support.openai_server import LLMServer

KEYS = {"best", "baseline", "trials", "pruned", "evaluated_turns", "saved_turns", "artifact"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def trials_in(folder: Path, settings: Settings) -> list[optuna.trial.FrozenTrial]:
    return open_study(settings, open_storage(None, folder)).get_trials(deepcopy=False)


def hosted(folder: Path, server: LLMServer, text: str = HOSTED, **options: Any) -> Settings:  # noqa: ANN401
    given = data(train=2, dev=2)
    return written(folder, text, lm_options={"api_base": server.url, "cache": False}, **{**given, **options})


def without_time(trials: list[optuna.trial.FrozenTrial]) -> list[object]:
    timed = {"seconds"}
    return [
        (
            each.number,
            each.state,
            each.params,
            each.values,
            {k: v for k, v in each.user_attrs.items() if k not in timed},
        )
        for each in trials
    ]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings, Swept]:
    """A sweep that is done."""
    folder = tmp_path_factory.mktemp("sweep")
    settings = written(folder)
    return folder / "out", settings, sweep(settings, out=folder / "out")


def test_what_comes_out(swept: tuple[Path, Settings, Swept]) -> None:
    out, settings, found = swept
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain.keys() >= KEYS
    assert plain["artifact"] == str(out / "artifact")
    assert found.trials == found.complete + found.pruned == 6
    turns = len(course(settings).turns)
    assert found.evaluated_turns + found.saved_turns == 6 * turns
    assert found.saved_turns > 0
    assert found.baseline.parameters["optimizer"] == "none"
    assert found.baseline.number == 0
    score = found.best.scores["accuracy"]
    assert score.value is not None
    assert score.low is not None
    assert score.high is not None
    assert score.low <= score.value <= score.high
    assert found.statement.startswith("accuracy on dev: ")
    assert found.best in found.finalists
    assert found.front == (found.best.number,)
    assert len(found.finalists) <= settings.keep + 1
    assert found.importance


def test_the_artifact_is_the_winner(swept: tuple[Path, Settings, Swept]) -> None:
    out, _, found = swept
    program = load(out / "artifact")
    table = csc.evaluate(program, data()["dev"], contexts=["reference"])
    assert table.scores["reference"]["ACC"].value == found.best.scores["accuracy"].value
    manifest = open_artifact(out / "artifact").manifest
    told = manifest["optimizer"]["parameters"]
    assert told["trial"] == found.best.number
    assert found.best.parameters.items() <= told["values"].items()
    scores = json.loads((out / "artifact" / "scores.json").read_bytes())
    assert scores["after"]["ACC"]["value"] == found.best.scores["accuracy"].value
    assert scores["before"]["ACC"]["value"] == found.baseline.scores["accuracy"].value
    assert (out / "artifact" / "report.html").is_file()
    assert (out / "artifact" / "prompts" / "predict.md").is_file()


def test_the_same_seed_finds_the_same(swept: tuple[Path, Settings, Swept], tmp_path: Path) -> None:
    out, settings, found = swept
    again = sweep(settings, out=tmp_path)
    assert without_time(trials_in(tmp_path, settings)) == without_time(trials_in(out, settings))
    assert again.best.parameters == found.best.parameters
    assert load(tmp_path / "artifact").dump_state() == load(out / "artifact").dump_state()


def test_a_sweep_in_pieces_is_the_same_sweep(swept: tuple[Path, Settings, Swept], tmp_path: Path) -> None:
    out, settings, _ = swept
    storage = open_storage(None, tmp_path)
    heard: list[Standing] = []
    for _ in range(3):
        work(settings, open_study(settings, storage), folder=tmp_path, trials=2, told=heard.append)
    # All are there already.
    work(settings, open_study(settings, storage), folder=tmp_path, trials=2, told=heard.append)
    assert without_time(trials_in(tmp_path, settings)) == without_time(trials_in(out, settings))
    assert [each.finished for each in heard] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "options", "changed"),
    [
        (SMALL.replace("[4, 8, 16]", "[4, 8]"), {}, r"another search space \(labeled.demonstrations\)"),
        (SMALL, {"dev": few("csconv-sample:dev", count=2)}, "another dev data"),
        (SMALL, {"train": few("rolecs-sample", count=3)}, "another training data"),
        (SMALL, {"seed": 5}, "another seed"),
        (SMALL, {"objectives": "mid"}, "another objectives"),
        (SMALL, {"objectives": ["accuracy", "mid"]}, "has other objectives"),
    ],
)
def test_another_sweep_is_refused(
    swept: tuple[Path, Settings, Swept], tmp_path: Path, text: str, options: dict[str, Any], changed: str
) -> None:
    other = written(tmp_path, text, **options)
    with pytest.raises(ConfigError, match=changed):
        open_study(other, open_storage(None, swept[0]))


def test_more_trials_go_on_with_the_study(swept: tuple[Path, Settings, Swept], tmp_path: Path) -> None:
    _, settings, _ = swept
    more = written(tmp_path, trials=2)
    assert sweep(more, out=tmp_path / "out").trials == 2
    more = written(tmp_path, trials=4)
    assert sweep(more, out=tmp_path / "out").trials == 4
    assert without_time(trials_in(tmp_path / "out", more)) == without_time(trials_in(swept[0], settings)[:4])


def test_in_memory_and_in_chinese() -> None:
    found = sweep(
        preset="quick",
        trials=3,
        language="zh",
        program="stage-tracker",
        objectives="stage-accuracy",
        **data("zh"),
    )
    assert found.program.options.language == "zh"
    assert found.best.artifact is None
    assert found.p is None


def test_several_objectives_have_a_front(tmp_path: Path) -> None:
    text = """
    objectives = ["accuracy", "calls-per-turn"]
    trials = 5
    [space]
    program = "support-agent"
    variant = { values = ["pipeline", "joint"] }
    optimizer = "labeled"
    [space.optimizers.labeled]
    demonstrations = { values = [2, 12] }
    """
    found = sweep(written(tmp_path, text, **data(train=4, dev=1)), out=tmp_path / "out")
    calls = {each.number: each.scores["calls-per-turn"].value for each in found.finalists}
    assert set(calls.values()) <= {1, 3}
    assert set(found.front) <= set(calls)
    assert found.best.number in found.front
    for number in found.front:
        folder = tmp_path / "out" / ("artifact" if number == found.best.number else f"front/{number}")
        assert load(folder).name in {"support-agent", "support-agent-joint"}


def test_limits_are_kept(tmp_path: Path) -> None:
    text = """
    trials = 4
    [constraints]
    max-calls-per-turn = 1
    [space]
    program = "support-agent"
    variant = { values = ["joint", "pipeline"] }
    optimizer = "labeled"
    [space.optimizers.labeled]
    demonstrations = 2
    """
    found = sweep(written(tmp_path, text, **data(train=2, dev=1)))
    assert found.best.parameters["variant"] == "joint"
    settings = written(tmp_path, text.replace("per-turn = 1", "per-turn = 0"), **data(train=2, dev=1))
    with pytest.raises(ConfigError, match="no trial keeps max-calls-per-turn"):
        sweep(settings)


def test_a_spent_budget_ends_it_with_what_there_is(tmp_path: Path, llm_server: LLMServer) -> None:
    settings = hosted(tmp_path, llm_server)
    out = tmp_path / "out"
    turns = len(course(settings).turns)
    found = sweep(settings, out=out, budget=Budget(max_calls=turns + 5))
    assert found.partial
    assert found.complete < 3
    assert found.calls == len(llm_server.requests) == turns + 5
    assert load(out / "artifact").name == "strategy-predictor"
    [broken] = [each for each in trials_in(out, settings) if each.state.name == "FAIL"]
    # What was paid for is not paid for again, and the trial that was broken off is the next.
    again = sweep(settings, out=out)
    assert not again.partial
    assert again.trials == 3
    taken_up = next(
        each for each in trials_in(out, settings)[broken.number + 1 :] if each.params == broken.params
    )
    assert taken_up.state.name in {"COMPLETE", "PRUNED"}
    assert broken.user_attrs["evaluated_turns"] > 0
    assert len({each.body for each in llm_server.requests}) == len(llm_server.requests)


def test_a_budget_that_is_too_small_for_anything(tmp_path: Path, llm_server: LLMServer) -> None:
    with pytest.raises(BudgetError, match="no trial is complete"):
        sweep(hosted(tmp_path, llm_server), out=tmp_path / "out", budget=Budget(max_calls=5))
    settings = hosted(tmp_path, llm_server)
    sweep(settings, out=tmp_path / "out")
    # The baseline was broken off, and is the baseline all the same.
    found = baseline_of(open_study(settings, open_storage(None, tmp_path / "out")))
    assert found is not None
    assert found.number > 0


def test_a_trial_that_is_taken_away_is_left_to_others(tmp_path: Path, llm_server: LLMServer) -> None:
    settings, out = hosted(tmp_path, llm_server), tmp_path / "out"
    turns = len(course(settings).turns)
    taken: list[int] = []

    def take_away() -> Behaviour:
        """Once, do to the trial that runs what other workers do when its worker is silent for too long."""
        if len(llm_server.requests) > turns and not taken:
            study = open_study(settings, open_storage(None, out))
            [trial] = [each for each in study.get_trials() if each.state.name == "RUNNING"]
            study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)  # noqa: SLF001  as they do it
            requeue(study, trial)
            taken.append(trial.number)
        return HEALTHY

    llm_server.usually(take_away)
    found = sweep(settings, out=out)
    assert (found.trials, found.partial) == (3, False)
    [lost] = taken
    trials = trials_in(out, settings)
    assert trials[lost].state.name == "FAIL"
    assert any(each.params == trials[lost].params and each.state.name == "COMPLETE" for each in trials[lost:])


def test_a_wrong_key_ends_it_at_once(tmp_path: Path, llm_server: LLMServer) -> None:
    llm_server.key = "sk-other"
    settings = hosted(tmp_path, llm_server)
    with pytest.raises(LMError, match="--lm openai/some"):
        sweep(settings, out=tmp_path / "out", concurrency=2)
    assert len(llm_server.requests) <= 2
    # With the right one it goes on, and begins with the baseline.
    llm_server.key = "sk-test"
    assert sweep(settings, out=tmp_path / "out").baseline.number == 1


def test_turns_that_fail_are_wrong_and_told(tmp_path: Path, llm_server: LLMServer) -> None:
    llm_server.script(*[Behaviour(status=400, message="no")] * 4)
    settings = hosted(tmp_path, llm_server, trials=1)
    work(settings, open_study(settings, open_storage(None, tmp_path)), folder=tmp_path, concurrency=1)
    [trial] = trials_in(tmp_path, settings)
    assert trial.user_attrs["failures"] >= 4
    # They are asked again in the end.
    found = sweep(settings, out=tmp_path)
    assert found.best.scores["accuracy"].value is not None


def test_a_server_that_answers_nothing_is_not_a_bad_program(tmp_path: Path, llm_server: LLMServer) -> None:
    llm_server.usually(Behaviour(status=400, message="not today"))
    settings = hosted(tmp_path, llm_server, trials=20)
    with pytest.raises(LMError, match=r"none of 16 turns could be answered: .*not today"):
        sweep(settings, out=tmp_path / "out")
    assert len(trials_in(tmp_path / "out", settings)) == 5


def test_the_test_split_is_scored_once(swept: tuple[Path, Settings, Swept], tmp_path: Path) -> None:
    settings = written(tmp_path, trials=2)
    test = few("csconv-sample:test", count=2)
    first = sweep(settings, out=tmp_path / "out", final_test=test)
    assert first.test is not None
    table = csc.evaluate(first.program, test, lm="embedded", contexts=["reference"])
    assert first.test["winner"]["accuracy"].value == table.scores["reference"]["ACC"].value
    assert sweep(settings, out=tmp_path / "out", final_test=test).test == first.test
    with pytest.raises(LeakError, match="tested once already"):
        sweep(settings, out=tmp_path / "out", final_test=few("csconv-sample:test", count=3))
    with pytest.raises(LeakError, match="were trained or chosen on"):
        sweep(settings, out=tmp_path / "other", final_test=data()["dev"])
    assert swept[2].test is None


def test_a_test_part_is_not_for_choosing(tmp_path: Path) -> None:
    settings = written(tmp_path, dev="csconv-sample:test")
    with pytest.raises(LeakError, match="test dialogues are for final results"):
        sweep(settings)
