"""Trials: scores as an evaluation gives them, remembered, and compared without asking again."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy.choosing import Programs
from csc_dspy.evaluation.plan import plan
from csc_dspy.evaluation.systems import ProgramSystem
from csc_dspy.journal import Journal
from csc_dspy.lm import using
from csc_dspy.metrics import metric
from csc_dspy.optimizers.demonstrating import demonstrating
from csc_dspy.optimizers.objective import OBJECTIVES, objective
from csc_dspy.optimizers.trials import Trial, Trials
from csc_dspy.programs import Program
from tests.optimizers.cued import bare, bench_for, dialogues, embedded, small_bench
from tests.support.openai_server import LLMServer

DEV = dialogues(3, name="dev")


def learned(program: Program, count: int = 24) -> Program:
    return demonstrating(program, small_bench(program).train[:count])


@pytest.mark.parametrize("name", OBJECTIVES)
def test_scores_are_those_of_an_evaluation(name: str) -> None:
    program = bare("support-agent")
    wish = objective(name, program)
    with embedded():
        trials = Trials(DEV, wish)
        value = trials.score(learned(program))
        made = plan(
            ProgramSystem(Programs(learned(program))), DEV, contexts=("reference",), metrics=[wish.whole]
        )
        found = made.carry_out(concurrency=4, lm=None).to_dict()["reference"]
    assert value == pytest.approx(found[wish.whole.name]["value"], abs=1e-4)
    assert 0 < value <= 100


@pytest.mark.parametrize("name", ["strategy-predictor", "support-agent", "support-agent-joint"])
def test_the_composite_of_data_is_the_mean_over_examples(name: str) -> None:
    program = bare(name)
    wish = objective("composite", program)
    with embedded():
        bench = bench_for(program, [], DEV, metric="composite")
        ready = learned(program)
        scores = [float(wish.composite(example, ready(**example.inputs()))) for example in bench.dev]
        assert bench.trials.score(ready) == pytest.approx(100 * sum(scores) / len(scores))


def test_no_text_is_written_that_nobody_scores(llm_server: LLMServer) -> None:
    program = bare("support-agent")
    turns = sum(1 for each in DEV for _ in each.supporter_turns())
    calls = {}
    for name in ("accuracy", "composite"):
        begun = len(llm_server.requests)
        with using("openai/test", api_base=llm_server.url, cache=False):
            Trials(DEV, objective(name, program)).score(program)
        calls[name] = len(llm_server.requests) - begun
    assert calls == {"accuracy": 2 * turns, "composite": 3 * turns}


def test_equal_programs_are_scored_once(llm_server: LLMServer) -> None:
    told: list[Trial] = []
    program = bare("strategy-predictor")
    with using("openai/test", api_base=llm_server.url, cache=False):
        trials = Trials(DEV, objective(None, program), told=told.append)
        first = trials.score(program)
        calls = len(llm_server.requests)
        assert trials.score(program.deepcopy()) == first
    assert len(llm_server.requests) == calls
    assert (trials.count, len(told)) == (1, 1)


def test_a_journal_knows_what_was_paid_for(tmp_path: Path, llm_server: LLMServer) -> None:
    program = bare("strategy-predictor")
    wish = objective(None, program)
    outcomes = []
    for _ in range(2):
        with (
            Journal(tmp_path / "trials.jsonl", {"run": 1}, resume=True) as journal,
            using("openai/test", api_base=llm_server.url, cache=False),
        ):
            trials = Trials(DEV, wish, journal=journal)
            before = trials.trial(program)
            after = trials.trial(learned(program))
            outcomes.append((before.marks, after.marks, trials.gain(before, after)))
    calls = len(llm_server.requests)
    assert outcomes[0] == outcomes[1]
    assert calls == 2 * sum(1 for each in DEV for _ in each.supporter_turns())


def test_other_options_are_another_program() -> None:
    program = bare("strategy-predictor")
    chinese = bare("strategy-predictor", "zh")
    with embedded():
        trials = Trials(DEV, objective(None, program))
        trials.score(program)
        trials.score(chinese)
    assert trials.count == 2


def test_the_gain_is_that_of_a_comparison() -> None:
    program = bare("strategy-predictor")
    wish = objective("accuracy", program)
    better = learned(program, 60)
    with embedded():
        trials = Trials(DEV, wish)
        found = trials.gain(trials.trial(program), trials.trial(better))
        made = plan(
            ProgramSystem(Programs(better)),
            DEV,
            contexts=("reference",),
            other=ProgramSystem(Programs(program), "before"),
            metrics=[metric("ACC", program.options.taxonomy)],
        )
        compared = made.carry_out(concurrency=4, lm=None).comparison["reference"]["ACC"]
    assert found.after.value == compared["value"]
    assert found.before.value == compared["other"]
    assert (found.difference.value, found.difference.low, found.difference.high) == (
        compared["difference"],
        compared["low"],
        compared["high"],
    )
    assert found.p == compared["p"]
    assert found.significant == (compared["verdict"] == "better")
    assert trials.gain(trials.trial(program), trials.trial(program)).significant is False


def test_what_is_kept_is_the_best_whatever_the_scores() -> None:
    program = bare("strategy-predictor")
    with embedded():
        trials = Trials(DEV, objective(None, program))
        trials.score(learned(program))
        assert trials.keep(program, "by other reasons") is program
    assert trials.best is not None
    assert trials.best.program is program
