"""`prior`, `calibrate`, `auto` and chains: what they fit, and that they keep only what helps."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.compiled import load, save
from csc_dspy.exceptions import BudgetError, ConfigError
from csc_dspy.lm import Budget, using
from csc_dspy.optimizers.evidence import evidence, fitted_prior, fusions, table
from csc_dspy.optimizers.prompts.auto import Auto
from csc_dspy.optimizers.prompts.balanced import Balanced
from csc_dspy.optimizers.prompts.calibrate import Calibrate
from csc_dspy.optimizers.prompts.chain import Chain
from csc_dspy.optimizers.prompts.labeled import Labeled
from csc_dspy.optimizers.prompts.prior import Prior
from csc_dspy.optimizers.prompts.registry import optimizer
from csc_dspy.optimizers.trials import Trial
from csc_dspy.programs import PROGRAMS, Fusion, Program, TransitionPrior
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.optimizers.cued import SETTINGS, bare, bench_for, dialogues, embedded, leaning, small_bench
from tests.support.openai_server import LLMServer

FITTING = {
    "prior": Prior(),
    "calibrate": Calibrate(),
    "chain": optimizer("balanced+prior+calibrate", candidates=2),
}


def state(program: Program) -> str:
    return json.dumps(program.dump_state(), ensure_ascii=False)


def fusion_of(program: Program) -> Fusion:
    ((_, fusion),) = fusions(program)
    return fusion


@pytest.mark.parametrize("name", ["strategy-predictor", "stage-tracker"])
@pytest.mark.parametrize(("language", "taxonomy"), SETTINGS)
def test_a_fixed_order_of_strategies_is_trusted(name: str, language: Language, taxonomy: str) -> None:
    program = bare(name, language, taxonomy)
    untouched = state(program)
    with embedded():
        bench = small_bench(program, shuffled=False)
        before = bench.trials.score(program)
        found = Prior().optimize(program, bench)
        after = bench.trials.score(found)
        assert state(Prior().optimize(program, small_bench(program, shuffled=False))) == state(found)
    assert after > max(before + 20, 75)
    assert fusion_of(found).weight > 0
    assert state(program) == untouched


def test_a_random_order_of_strategies_is_not_trusted() -> None:
    program = bare("strategy-predictor")
    with leaning():
        bench = small_bench(program)
        assert bench.trials.score(program) == 100
        assert Prior().optimize(program, bench) is program


@pytest.mark.parametrize(("language", "taxonomy"), SETTINGS)
def test_a_leaning_is_balanced_out(language: Language, taxonomy: str) -> None:
    program = bare("strategy-predictor", language, taxonomy)
    favoured = program.options.taxonomy.strategies[1]
    with leaning(1, 8.0):
        bench = small_bench(program)
        before = bench.trials.score(program)
        found = Calibrate(penalty=0.1).optimize(program, bench)
        assert bench.trials.score(found) == 100 > before + 50
    biases = fusion_of(found).biases
    assert min(biases, key=biases.__getitem__) == favoured.id
    others = [bias for id_, bias in biases.items() if id_ != favoured.id]
    # The lean is a factor of eight.
    assert max(others) - biases[favoured.id] == pytest.approx(math.log(8), abs=0.3)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_does_not_help_is_not_kept(name: str) -> None:
    program = bare(name)
    untouched = state(program)
    # Nothing leans, so all that could be fitted is chance.
    if name in {"strategy-predictor", "strategy-classifier"}:
        with leaning():
            assert Calibrate().optimize(program, small_bench(program)) is program
    if not fusions(program):
        with embedded():
            assert Calibrate().optimize(program, small_bench(program)) is program
    assert state(program) == untouched


def test_macro_f1_cares_for_rare_labels() -> None:
    program = bare("strategy-predictor")
    with leaning(2, 8.0):
        bench = small_bench(program, metric="macro-f1")
        found = Calibrate(penalty=0.1).optimize(program, bench)
        assert bench.trials.score(found) == 100


def test_fitted_programs_are_saved_and_loaded(tmp_path: Path) -> None:
    program = bare("support-agent", "zh")
    chain = optimizer("labeled+prior+calibrate")
    with embedded():
        found = chain.optimize(program, small_bench(program, shuffled=False))
        for number, (_, fusion) in enumerate(fusions(found)):
            fusion.biases = {"greeting": 0.5 + number}
        again = load(save(found, tmp_path / "artifact"))
        assert isinstance(again, Program)
        history = list(dialogues(1, "zh")[0].dialogue[:3])
        assert again(history=history).row() == found(history=history).row()
    assert again.dump_state() == found.dump_state()
    assert [fusion.biases for _, fusion in fusions(again)] == [{"greeting": 0.5}, {"greeting": 1.5}]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("way", FITTING)
def test_every_program_over_http(name: str, way: str, llm_server: LLMServer) -> None:
    program = bare(name, "zh", "esconv")
    untouched = state(program)
    with using("openai/test", api_base=llm_server.url, logprobs=True, cache=False):
        bench = small_bench(program)
        found = FITTING[way].optimize(program, bench)
        best = bench.trials.best
        assert best is not None
        # What was chosen by more than the score on dev need not have the highest there.
        assert best.program is found or bench.trials.score(found) == best.score
    calls = len(llm_server.requests)
    assert 0 < calls <= FITTING[way].most_calls(program, len(bench.train), len(bench.dev))
    assert type(found) is type(program)
    assert state(program) == untouched


def test_likelihoods_of_a_hosted_model_are_joined_with_the_prior(llm_server: LLMServer) -> None:
    program = bare("strategy-predictor")
    with using("openai/test", api_base=llm_server.url, logprobs=True, cache=False):
        bench = small_bench(program, shuffled=False)
        before = bench.trials.score(program)
        found = Prior().optimize(program, bench)
        assert bench.trials.score(found) > before + 50
    assert not found.options.shown.hint


def test_without_likelihoods_the_prior_is_shown_if_that_wins(llm_server: LLMServer) -> None:
    outcomes = {}
    for number in range(6):
        program = bare("strategy-predictor")
        told: list[Trial] = []
        with using("openai/test", api_base=llm_server.url, cache=False):
            train = dialogues(3, name=f"train{number}")
            bench = bench_for(program, train, dialogues(1, name=f"dev{number}"), told=told.append)
            found = Prior().optimize(program, bench)
        plain, hinted = told
        won = hinted.score > plain.score
        outcomes[won] = True
        assert found.options.shown.hint is won
        assert (found is program) is not won
    # The server answers at random: it has to go both ways, or nothing was shown here.
    assert outcomes == {True: True, False: True}
    assert any("hint" in request.body.decode() for request in llm_server.requests)


def test_a_hinting_program_keeps_instructions_and_demonstrations(llm_server: LLMServer) -> None:
    program = bare("support-agent-joint", "zh")
    with using("openai/test", api_base=llm_server.url, cache=False):
        bench = small_bench(program)
        start = Labeled(demonstrations=2).optimize(program, bench)
        start.predictors()[0].signature = start.predictors()[0].signature.with_instructions("请按标准回答。")
        # The server answers at random, so sometimes the hint wins.
        tried = [
            Prior().optimize(
                start, bench_for(start, dialogues(2, "zh"), dialogues(1, "zh", name=f"dev{number}"))
            )
            for number in range(6)
        ]
    found = next(each for each in tried if each.options.shown.hint)
    (predictor,) = found.predictors()
    assert predictor.signature.instructions == "请按标准回答。"
    assert predictor.demos == start.predictors()[0].demos


@pytest.mark.parametrize("name", PROGRAMS)
def test_auto_makes_every_program_better(name: str) -> None:
    program = bare(name, "zh")
    with embedded():
        bench = bench_for(program, dialogues(3, "zh"), dialogues(1, "zh", name="dev"))
        before = bench.trials.score(program)
        found = Auto(demonstrations=24).optimize(program, bench)
        assert bench.trials.score(found) > before
        assert bench.trials.best is not None
        assert bench.trials.best.program is found


def test_auto_takes_what_the_budget_allows(llm_server: LLMServer) -> None:
    program = bare("strategy-predictor")
    names = []
    for calls in (None, 3000, 800, 100):
        budget = Budget(max_calls=calls)
        with using("openai/test", api_base=llm_server.url, budget=budget):
            chosen = Auto().chosen(program, small_bench(program))
        first = chosen.links[0] if isinstance(chosen, Chain) else chosen
        names.append((chosen.name, first.candidates if isinstance(first, Balanced) else 0))
    assert names == [
        ("balanced+prior+calibrate", 6),
        ("balanced+prior+calibrate", 6),
        ("balanced+prior+calibrate", 1),
        ("labeled", 0),
    ]


@pytest.mark.parametrize(
    "spec", ["labeled", "balanced", "knn", "prior", "calibrate", "auto", "balanced+prior"]
)
def test_a_spent_budget_leaves_the_best_in_the_trials(spec: str, llm_server: LLMServer) -> None:
    program = bare("strategy-predictor")
    with using("openai/test", api_base=llm_server.url, budget=Budget(max_calls=30), cache=False):
        bench = small_bench(program)
        with pytest.raises(BudgetError):
            optimizer(spec).optimize(program, bench)
    assert len(llm_server.requests) == 30
    assert bench.trials.best is not None
    assert bench.trials.best.program is program


def test_a_chain_goes_on_from_what_was_found() -> None:
    program = bare("strategy-predictor")
    with embedded():
        bench = small_bench(program, shuffled=False)
        found = optimizer("labeled+prior").optimize(program, bench)
        fresh = small_bench(program, shuffled=False)
        labelled = Labeled().optimize(program, fresh)
        assert state(found) == state(Prior().optimize(labelled, fresh))
    assert len(found.predictors()[0].demos) == 16
    assert fusion_of(found).prior is not None


def test_training_dialogues_are_asked_about_without_their_own_demonstrations() -> None:
    program = bare("strategy-predictor")
    with embedded():
        bench = small_bench(program)
        found = Labeled(demonstrations=72).optimize(program, bench)
        opinions = evidence(found, bench)
        known = table(opinions, "strategy")
        assert known is not None
        seen = bench_for(program, dialogues(6), dialogues(6))
        recited = seen.trials.score(found)
    assert len(opinions) == len(bench.dev) + len(bench.train)
    assert sum(each.held_out for each in opinions) == len(bench.train)
    held_out = [each for each in opinions if each.held_out]
    assert {each.dialogue for each in held_out} == {f"d{number}" for number in range(6)}
    # Both sources count alike.
    parts = [known.weight[[each.held_out is held for each in opinions]].sum() for held in (True, False)]
    assert parts == pytest.approx([1, 1])
    right = [max(each.measured["strategy"], key=each.measured["strategy"].__getitem__) for each in held_out]
    share = sum(said == each.example.strategy.id for said, each in zip(right, held_out, strict=True))
    assert 100 * share / len(held_out) < recited - 10


def test_the_prior_from_examples_is_that_from_dialogues() -> None:
    program = bare("strategy-predictor", "en", "esconv")
    bench = small_bench(program)
    whole = TransitionPrior.fit(dialogues(6, "en", "esconv"), load_taxonomy("esconv"))
    assert fitted_prior(program, bench.train) == whole


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("calibrate", {"penalty": 0}), ("prior", {"weights": ()}), ("prior", {"weights": (-1.0,)})],
    ids=["penalty", "no weights", "negative"],
)
def test_parameters_out_of_bounds_are_refused(name: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"penalty is 0|weights are"):
        optimizer(name, **parameters)
