"""Every optimizer built on DSPy's, from the program to a better one, over real HTTP."""

from __future__ import annotations

import itertools
from pathlib import Path

import dspy
import pytest

from csc_dspy.compiled import load, save
from csc_dspy.lm import using
from csc_dspy.optimizers._base import Optimizer
from csc_dspy.optimizers.locale import LocaleLock
from csc_dspy.optimizers.prompts.bootstrap import Bootstrap
from csc_dspy.optimizers.prompts.copro import Copro
from csc_dspy.optimizers.prompts.gepa import Gepa
from csc_dspy.optimizers.prompts.mipro import Mipro
from csc_dspy.optimizers.prompts.random_search import RandomSearch
from csc_dspy.optimizers.prompts.simba import Simba
from csc_dspy.programs import Program
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.support.openai_server import LLMServer
from tests.support.pupil import Pupil, at_times, shown, told
from tests.support.workbench import GOOD, MAGIC, Workbench, asking

DEMONSTRATING: tuple[Optimizer, ...] = (Bootstrap(), RandomSearch(candidates=3))
PROPOSING: tuple[Optimizer, ...] = (Mipro(trials=6), Gepa(rollouts=50), Simba(), Copro(breadth=3))
TASKS = list(itertools.product(("strategy-predictor", "support-agent"), LANGUAGES))


def name(each: Optimizer | tuple[str, Language]) -> str:
    return " ".join(each) if isinstance(each, tuple) else each.name


def pupil_for(optimizer: Optimizer, work: Workbench) -> Pupil:
    """One whom this optimizer can help."""
    magic = MAGIC[work.language]
    right = at_times(magic) if optimizer.name == "simba" else told(magic)
    right = shown(3) if optimizer in DEMONSTRATING else right
    return work.taught(Pupil(right, GOOD[work.language], advised=work.predictors))


def content(program: Program) -> list[tuple[str, list[dict[str, str]]]]:
    return [
        (each.signature.instructions, [dict(demo) for demo in each.demos]) for each in program.predictors()
    ]


@pytest.mark.parametrize("task", TASKS, ids=name)
@pytest.mark.parametrize("optimizer", [*DEMONSTRATING, *PROPOSING], ids=name)
def test_makes_a_better_program(
    llm_server: LLMServer, optimizer: Optimizer, task: tuple[str, Language], tmp_path: Path
) -> None:
    work = Workbench(*task)
    program, before, bench = work.program, content(work.program), work.bench()
    with asking(llm_server, pupil_for(optimizer, work)) as lm:
        better = optimizer.optimize(program, bench)
        assert bench.trials.best is not None
        assert better is bench.trials.best.program
        assert work.heard[0].note == "as it was"
        assert bench.trials.best.score > work.heard[0].score
        used = lm.engine.budget.usage.calls
    assert used <= optimizer.most_calls(program, len(work.train), len(work.dev))

    assert content(program) == before
    lock = LocaleLock.of(program, work.train)
    for predictor, (instructions, _) in zip(better.predictors(), before, strict=True):
        assert predictor.lm is None
        assert lock.flaw(predictor.signature.instructions, instructions) is None
        assert all(type(text) is str for demo in predictor.demos for text in demo.values())
        assert all(set(demo.keys()) <= set(predictor.signature.fields) for demo in predictor.demos)
    told_something = any(MAGIC[work.language] in words for words, _ in content(better))
    assert told_something == (optimizer in PROPOSING)
    again = load(save(better, tmp_path / "artifact"))
    assert again.dump_state() == better.dump_state()
    assert again.options == program.options


@pytest.mark.parametrize("optimizer", [*DEMONSTRATING, *PROPOSING], ids=name)
def test_the_same_seed_makes_the_same_program(llm_server: LLMServer, optimizer: Optimizer) -> None:
    found = []
    for seed in (3, 3, 4):
        work = Workbench("strategy-predictor", "zh")
        with asking(llm_server, pupil_for(optimizer, work)):
            better = optimizer.optimize(work.program, work.bench(seed=seed))
        scores = [(trial.note, trial.score) for trial in work.heard]
        found.append(
            (scores, content(better), [dict(each) for each in better.dump_state()["predict"]["demos"]])
        )
    assert found[0] == found[1]
    if optimizer in DEMONSTRATING:
        assert found[0] != found[2]


@pytest.mark.parametrize("optimizer", [*DEMONSTRATING, *PROPOSING], ids=name)
def test_what_does_not_help_is_not_taken(llm_server: LLMServer, optimizer: Optimizer) -> None:
    work = Workbench("strategy-predictor", "en")
    pupil = work.taught(Pupil(lambda _asked: False, GOOD["en"], advised=work.predictors))
    with asking(llm_server, pupil):
        assert optimizer.optimize(work.program, work.bench()) is work.program


@pytest.mark.parametrize("optimizer", DEMONSTRATING, ids=name)
@pytest.mark.parametrize("task", TASKS, ids=name)
def test_demonstrations_for_the_embedded_engine(optimizer: Optimizer, task: tuple[str, Language]) -> None:
    work = Workbench(*task)
    bench = work.bench()
    with using("embedded") as lm:
        better = optimizer.optimize(work.program, bench)
        used = lm.engine.budget.usage.calls
    assert 0 < used <= optimizer.most_calls(work.program, len(work.train), len(work.dev))
    start, *found = work.heard
    assert all(predictor.demos for trial in found for predictor in trial.program.predictors())
    best = max(found, key=lambda trial: trial.score)
    assert better is (best.program if best.score > start.score else work.program)


def test_what_a_program_brings_is_kept(llm_server: LLMServer) -> None:
    """Optimizers can be chained: instructions on top of demonstrations."""
    work = Workbench("strategy-predictor", "en")
    program = work.program
    own = dspy.Example(conversation="Customer: hello", stage_so_far="Connecting", strategy="Greeting")
    program.predict.demos = [own.with_inputs("conversation", "stage_so_far")]
    for optimizer in (Mipro(trials=4), Gepa(rollouts=50), Copro(breadth=3)):
        with asking(llm_server, work.taught(Pupil(told("golden"), GOOD["en"]))):
            better = optimizer.optimize(program, work.bench())
        assert "golden" in better.predict.signature.instructions
        assert dict(better.predict.demos[0]) == dict(own)
