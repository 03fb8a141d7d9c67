"""DSPy swallows exceptions; what would meet every further call comes out all the same, and at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from csc_dspy.exceptions import BudgetError, ConfigError, DataError
from csc_dspy.lm import CallError
from csc_dspy.metrics.composite import Composite, Weights
from csc_dspy.optimizers._base import Optimizer
from csc_dspy.optimizers.objective import Objective
from csc_dspy.optimizers.prompts.bootstrap import Bootstrap
from csc_dspy.optimizers.prompts.copro import Copro
from csc_dspy.optimizers.prompts.gepa import Gepa
from csc_dspy.optimizers.prompts.mipro import Mipro
from csc_dspy.optimizers.prompts.random_search import RandomSearch
from csc_dspy.optimizers.prompts.simba import Simba
from tests.support.behaviours import Behaviour, Mixture, fails, throttles
from tests.support.openai_server import LLMServer
from tests.support.pupil import Pupil, at_times, shown, told
from tests.support.workbench import GOOD, MAGIC, Workbench, asking

OPTIMIZERS: tuple[Optimizer, ...] = (
    Bootstrap(),
    RandomSearch(candidates=3),
    Mipro(trials=4),
    Gepa(rollouts=50),
    Simba(),
    Copro(breadth=3),
)
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: each.name)


def workbench() -> tuple[Workbench, Pupil]:
    work = Workbench("support-agent", "zh")
    magic = at_times(MAGIC["zh"])
    return work, work.taught(Pupil(magic, GOOD["zh"], advised=work.predictors))


def from_request(number: int, server: LLMServer, before: Behaviour, after: Behaviour) -> None:
    def behaviour() -> Behaviour:
        return after if len(server.requests) > number else before

    server.usually(behaviour)


@every_optimizer
@pytest.mark.parametrize("extra", [0, 7])
def test_a_key_that_is_refused(llm_server: LLMServer, optimizer: Optimizer, extra: int) -> None:
    work, pupil = workbench()
    bench = work.bench()
    scoring = 3 * len(work.dev)
    with asking(llm_server, pupil):
        from_request(scoring + extra, llm_server, pupil.behaviour(), fails(401, "Incorrect API key"))
        with pytest.raises(CallError, match="Incorrect API key"):
            optimizer.optimize(work.program, bench)
    # Those that were in flight, and no more.
    assert len(llm_server.requests) <= scoring + extra + bench.concurrency + 1
    assert bench.trials.best is not None
    assert bench.trials.best.program is work.program


@every_optimizer
@pytest.mark.parametrize("calls", [10, 45])
def test_a_budget_that_is_spent(llm_server: LLMServer, optimizer: Optimizer, calls: int) -> None:
    work, pupil = workbench()
    bench = work.bench()
    with asking(llm_server, pupil, max_calls=calls) as lm:
        with pytest.raises(BudgetError):
            optimizer.optimize(work.program, bench)
        assert lm.engine.budget.usage.calls == calls
    assert len(llm_server.requests) <= calls
    # The program itself takes more than 10 calls to score.
    assert (bench.trials.best is None) == (calls == 10)


def test_the_best_until_the_budget_was_spent(llm_server: LLMServer) -> None:
    work, pupil = workbench()
    pupil.right = told(MAGIC["zh"])
    bench = work.bench()
    with asking(llm_server, pupil, max_calls=250), pytest.raises(BudgetError):
        Mipro(trials=40, candidates=6).optimize(work.program, bench)
    assert bench.trials.best is not None
    assert MAGIC["zh"] in bench.trials.best.program.predictors()[1].signature.instructions


@every_optimizer
def test_a_server_that_stays_down(llm_server: LLMServer, optimizer: Optimizer) -> None:
    work = Workbench("strategy-predictor", "en")
    pupil = work.taught(Pupil(at_times("golden"), GOOD["en"], advised=work.predictors))
    bench = work.bench(concurrency=2)
    scoring = len(work.dev)
    bound = optimizer.most_calls(work.program, len(work.train), len(work.dev))
    with asking(llm_server, pupil, attempts=2):
        from_request(scoring, llm_server, pupil.behaviour(), fails(500))
        try:
            better = optimizer.optimize(work.program, bench)
        except CallError:
            assert len(llm_server.requests) - scoring <= (20 + 2) * 2
        else:
            # Too short to tell it from bad luck.
            assert better is work.program
            assert len(llm_server.requests) <= bound * 2


@every_optimizer
def test_faults_that_pass_change_nothing(llm_server: LLMServer, optimizer: Optimizer) -> None:
    scores = []
    for shares in ([], [(throttles("0"), 0.05), (fails(500), 0.05)]):
        work = Workbench("strategy-predictor", "en")
        right = shown(3) if isinstance(optimizer, Bootstrap | RandomSearch) else at_times("golden")
        pupil = work.taught(Pupil(right, GOOD["en"], advised=work.predictors))
        with asking(llm_server, pupil):
            faults = Mixture(shares, seed=1)

            def behaviour(faults: Callable[[], Behaviour] = faults, pupil: Pupil = pupil) -> Behaviour:
                fault = faults()
                return pupil.behaviour() if fault.status == 200 else fault

            llm_server.usually(behaviour)
            optimizer.optimize(work.program, work.bench())
        scores.append([(trial.note, trial.score) for trial in work.heard])
    assert scores[0] == scores[1]


@pytest.mark.parametrize("optimizer", OPTIMIZERS[3:], ids=lambda each: each.name)
def test_a_metric_that_cannot_score(llm_server: LLMServer, optimizer: Optimizer) -> None:
    work = Workbench("strategy-predictor", "zh")
    senseless = Composite(Weights(strategy=0, stage=0, response=1, probability=0))
    wrong = Objective("chrf", senseless, None)
    pupil = work.taught(Pupil(at_times(MAGIC["zh"]), GOOD["zh"], advised=work.predictors))
    with asking(llm_server, pupil), pytest.raises(ConfigError, match="nothing to score"):
        optimizer.optimize(work.program, work.bench(objective=wrong))


@every_optimizer
def test_nothing_to_learn_from(llm_server: LLMServer, optimizer: Optimizer) -> None:
    work, pupil = workbench()
    with asking(llm_server, pupil), pytest.raises(DataError, match="nothing to learn from"):
        optimizer.optimize(work.program, work.bench(train=[]))
    assert not llm_server.requests


@pytest.mark.parametrize("optimizer", OPTIMIZERS[:3], ids=lambda each: each.name)
def test_histories_without_labels_teach_nothing(llm_server: LLMServer, optimizer: Optimizer) -> None:
    work = Workbench("strategy-predictor", "zh")
    unlabelled = []
    for example in filter(lambda each: each.history.dialogue, work.train):
        turns = [turn.model_copy(update={"strategy": None}) for turn in example.history.dialogue]
        unlabelled.append(example.copy(history=example.history.with_turns(turns)).with_inputs("history"))
    with asking(llm_server, work.taught(Pupil(shown(3), GOOD["zh"]))):
        with pytest.raises(DataError, match="nothing can be learned"):
            optimizer.optimize(work.program, work.bench(train=unlabelled))
        assert not llm_server.requests


@every_optimizer
@pytest.mark.parametrize("number", [1, 2, 3])
def test_hardly_anything_to_learn_from(llm_server: LLMServer, optimizer: Optimizer, number: int) -> None:
    work = Workbench("strategy-predictor", "en")
    pupil = work.taught(Pupil(at_times("golden"), GOOD["en"], advised=work.predictors))
    with asking(llm_server, pupil) as lm:
        optimizer.optimize(work.program, work.bench(train=work.train[:number]))
        assert lm.engine.budget.usage.calls <= optimizer.most_calls(work.program, number, len(work.dev))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Bootstrap(attempts=0), "bootstrap: attempts is 0"),
        (lambda: RandomSearch(candidates=0), "random-search: candidates is 0"),
        (lambda: Mipro(candidates=1), "mipro: candidates is 1"),
        (lambda: Gepa(minibatch=-1), "gepa: minibatch is -1"),
        (lambda: Simba(samples=1), "simba: samples is 1"),
        (lambda: Copro(breadth=1), "copro: breadth is 1"),
    ],
)
def test_parameters_that_make_no_sense(make: Callable[[], Optimizer], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(told)
