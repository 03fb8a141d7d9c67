"""How optimizers of DSPy behave besides: what they print, whom they ask, and what they leave behind."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dspy
import pytest

from csc_dspy.journal import Journal
from csc_dspy.lm import using
from csc_dspy.optimizers._base import Optimizer
from csc_dspy.optimizers.prompts.bootstrap import Bootstrap
from csc_dspy.optimizers.prompts.copro import Copro
from csc_dspy.optimizers.prompts.gepa import Gepa
from csc_dspy.optimizers.prompts.mipro import Mipro
from csc_dspy.optimizers.prompts.random_search import RandomSearch
from csc_dspy.optimizers.prompts.simba import Simba
from csc_dspy.optimizers.trials import Trials
from csc_dspy.programs import TransitionPrior
from csc_dspy.signatures import Shown
from tests.support.openai_server import LLMServer
from tests.support.programs import impatient
from tests.support.pupil import Pupil, at_times, shown
from tests.support.workbench import GOOD, MAGIC, Workbench, asking, conversations

OPTIMIZERS: tuple[Optimizer, ...] = (
    Bootstrap(),
    RandomSearch(candidates=2),
    Mipro(trials=4),
    Gepa(rollouts=40),
    Simba(steps=1),
    Copro(breadth=2),
)
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: each.name)


def pupil_for(work: Workbench) -> Pupil:
    right = at_times(MAGIC[work.language])
    return work.taught(Pupil(right, GOOD[work.language], advised=work.predictors))


@every_optimizer
def test_nothing_on_stdout_and_no_conversation_on_stderr(
    llm_server: LLMServer, optimizer: Optimizer, capfd: pytest.CaptureFixture[str]
) -> None:
    work = Workbench("support-agent", "zh")
    levels = [logging.getLogger(name).level for name in ("dspy", "gepa")]
    with asking(llm_server, pupil_for(work)) as lm:
        settings = (dspy.settings.adapter, dspy.settings.max_errors, dspy.settings.max_trace_size)
        optimizer.optimize(work.program, work.bench())
        assert (dspy.settings.adapter, dspy.settings.max_errors, dspy.settings.max_trace_size) == settings
        # Kilobytes a call otherwise.
        assert not lm.history
    out, err = capfd.readouterr()
    assert out == ""
    texts = {turn.text for example in work.train for turn in example.history.dialogue if len(turn.text) > 5}
    assert not [text for text in texts if text in err]
    assert [logging.getLogger(name).level for name in ("dspy", "gepa")] == levels


@every_optimizer
def test_settings_for_bulk_work_do_not_hinder(llm_server: LLMServer, optimizer: Optimizer) -> None:
    """Optimizers need traces, which bulk work turns off."""
    notes = []
    for trace in (False, True):
        work = Workbench("strategy-predictor", "en")
        with asking(llm_server, pupil_for(work)) as lm, using(lm, trace=trace):
            optimizer.optimize(work.program, work.bench())
        notes.append([(trial.note, trial.score) for trial in work.heard])
    assert notes[0] == notes[1]
    assert len(notes[0]) > 1


@pytest.mark.parametrize("optimizer", [OPTIMIZERS[0], OPTIMIZERS[1], OPTIMIZERS[2], OPTIMIZERS[4]])
def test_the_teacher_answers_in_the_models_place(llm_server: LLMServer, optimizer: Optimizer) -> None:
    work = Workbench("strategy-predictor", "en")
    with impatient(llm_server, "openai/teacher") as teacher, asking(llm_server, pupil_for(work)):
        options = dict(teacher.kwargs)
        optimizer.optimize(work.program, work.bench(teacher_lm=teacher))
        assert teacher.kwargs == options
    taught = [request for request in llm_server.requests if request.json["model"] == "teacher"]
    assert 0 < len(taught) < len(llm_server.requests)


def test_the_teacher_is_asked_about_each_example_once(llm_server: LLMServer) -> None:
    work = Workbench("strategy-predictor", "zh")
    pupil = work.taught(Pupil(shown(3)))
    with impatient(llm_server, "openai/teacher") as teacher, asking(llm_server, pupil):
        RandomSearch(candidates=6, labelled=4).optimize(work.program, work.bench(teacher_lm=teacher))
    bodies = [request.body for request in llm_server.requests if request.json["model"] == "teacher"]
    assert len(bodies) == len(set(bodies)) <= 12


def test_the_teacher_is_not_shown_what_it_is_asked(llm_server: LLMServer) -> None:
    work = Workbench("strategy-predictor", "zh")
    with impatient(llm_server, "openai/teacher") as teacher, asking(llm_server, work.taught(Pupil(shown(3)))):
        Bootstrap(labelled=8, bootstrapped=8).optimize(work.program, work.bench(teacher_lm=teacher))
    for request in llm_server.requests:
        *before, question = [each["content"] for each in request.json["messages"]]
        asked = question.partition("[[ ## conversation ## ]]")[2].partition("[[ ## stage_so_far")[0].strip()
        # Before anything is said, all conversations are alike.
        assert not asked or not [text for text in before[1:] if f"\n{asked}\n\n[[ ##" in text]


@every_optimizer
def test_scores_that_are_known_are_not_paid_for_again(
    llm_server: LLMServer, optimizer: Optimizer, tmp_path: Path
) -> None:
    """A run that is taken up scores no program twice."""
    remembered = []
    for _ in range(2):
        work = Workbench("strategy-predictor", "zh")
        with Journal(tmp_path / "run", {}, resume=True) as journal, asking(llm_server, pupil_for(work)):
            bench = work.bench()
            trials = Trials(conversations("zh")[1], bench.objective, journal=journal, told=work.heard.append)
            optimizer.optimize(work.program, work.bench(trials=trials))
        remembered.append([trial.remembered for trial in work.heard])
    assert not any(remembered[0])
    assert all(remembered[1])


def test_a_start_that_is_the_best_so_far_is_not_scored_again(llm_server: LLMServer) -> None:
    work = Workbench("strategy-predictor", "zh")
    bench = work.bench()
    with asking(llm_server, pupil_for(work)):
        bench.trials.score(work.program, "before")
        Bootstrap().optimize(work.program, bench)
    assert [trial.note for trial in work.heard] == ["before", "bootstrapped"]


def test_the_prior_stays_and_its_hint_is_in_the_demonstrations(llm_server: LLMServer) -> None:
    """DSPy resets parameters that it does not know, and with them the prior."""
    work = Workbench("strategy-predictor", "en")
    program = work.program.__class__(work.program.options.__class__(language="en", shown=Shown(hint=True)))
    program.fusion.prior = TransitionPrior.fit(conversations("en")[0], program.options.taxonomy)
    program.fusion.weight = 0.5
    pupil = work.taught(Pupil(shown(3)))
    with asking(llm_server, pupil):
        better = Bootstrap().optimize(program, work.bench())
    assert better.fusion.dump_state() == program.fusion.dump_state()
    assert better is not program
    assert all(demo["hint"] for demo in better.predict.demos)


@pytest.mark.parametrize("module", ["bootstrap", "random_search", "mipro", "gepa", "simba", "copro"])
def test_parameters_are_known_without_loading_dspy(module: str) -> None:
    code = (
        f"import csc_dspy.optimizers.prompts.{module}, sys\n"
        "assert not {'dspy', 'numpy', 'optuna', 'gepa'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_seed_zero_is_a_seed_of_its_own(llm_server: LLMServer) -> None:
    """MIPROv2 takes 0 for none, and would use 9."""
    scored: dict[int, Callable[[], object] | list[tuple[str, float]]] = {}
    for seed in (0, 9):
        work = Workbench("strategy-predictor", "zh")
        pupil = work.taught(Pupil(shown(3), lambda time: f"{GOOD['zh']}请想{time}遍。"))
        with asking(llm_server, pupil):
            Mipro(trials=8).optimize(work.program, work.bench(seed=seed, train=work.train[:1]))
        scored[seed] = [(trial.program.predict.signature.instructions, trial.note) for trial in work.heard]
    assert scored[0] != scored[9]
