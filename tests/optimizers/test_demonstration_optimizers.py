"""`labeled`, `balanced` and `knn`: what they show, that it helps, and that nothing else is touched."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dspy
import pytest

from csc_dspy.compiled import load, save
from csc_dspy.conversations import Turn
from csc_dspy.exceptions import ArtifactError, ConfigError
from csc_dspy.optimizers.prompts.balanced import Balanced
from csc_dspy.optimizers.prompts.knn import Knn
from csc_dspy.optimizers.prompts.labeled import Labeled
from csc_dspy.optimizers.prompts.registry import optimizer
from csc_dspy.programs import PROGRAMS, Options, Program, create
from csc_dspy.programs._base import Ask
from csc_dspy.taxonomy import Language
from tests.optimizers.cued import SETTINGS, bare, dialogues, embedded, small_bench
from tests.support.openai_server import LLMServer
from tests.support.programs import WAYS, impatient

OPTIMIZERS = {
    "labeled": Labeled(demonstrations=30),
    "balanced": Balanced(demonstrations=30, candidates=2, exchanges=2),
    "knn": Knn(demonstrations=6),
}


def state(program: Program) -> str:
    return json.dumps(program.dump_state(), ensure_ascii=False)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(("language", "taxonomy"), SETTINGS)
def test_demonstrations_help_and_the_seed_decides(name: str, language: Language, taxonomy: str) -> None:
    program = bare("strategy-predictor", language, taxonomy)
    untouched = state(program)
    with embedded():
        bench = small_bench(program)
        before = bench.trials.score(program)
        found = OPTIMIZERS[name].optimize(program, bench)
        assert bench.trials.score(found) > before + (0 if name == "knn" else 10)
        assert bench.trials.best is not None
        assert bench.trials.best.score == bench.trials.score(found)
        assert state(OPTIMIZERS[name].optimize(program, small_bench(program))) == state(found)
        if name != "knn":
            assert state(OPTIMIZERS[name].optimize(program, small_bench(program, seed=1))) != state(found)
    assert state(program) == untouched


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("way", OPTIMIZERS)
def test_every_program_over_http(name: str, way: str, llm_server: LLMServer) -> None:
    program = bare(name, "zh")
    with impatient(llm_server):
        bench = small_bench(program)
        found = OPTIMIZERS[way].optimize(program, bench)
    calls = len(llm_server.requests)
    assert type(found) is type(program)
    assert 0 < calls <= OPTIMIZERS[way].most_calls(program, len(bench.train), len(bench.dev))
    shown = [len(json.loads(request.body)["messages"]) for request in llm_server.requests]
    # A system message and a question, and two messages for each demonstration.
    assert min(shown) == 2
    assert max(shown) == 2 + 2 * (6 if way == "knn" else 30)


@pytest.mark.parametrize(("name", "labels"), [("strategy-predictor", "strategy"), ("stage-tracker", "stage")])
@pytest.mark.parametrize(("language", "taxonomy"), SETTINGS)
def test_every_label_has_its_turn(name: str, labels: str, language: Language, taxonomy: str) -> None:
    program = bare(name, language, taxonomy)
    members = program.options.taxonomy.strategies if labels == "strategy" else program.options.taxonomy.stages
    most = 2 * len(members)
    with embedded():
        bench = small_bench(program)
        found = Balanced(demonstrations=most, candidates=2, exchanges=3).optimize(program, bench)
    (predictor,) = found.predictors()
    counts = Counter(demo[labels] for demo in predictor.demos)
    available = Counter(example[labels].name[language] for example in bench.train)
    assert all(counts[each] >= min(2, available[each]) for each in available)


def test_all_predictors_are_shown_the_same_turns() -> None:
    program = bare("support-agent")
    with embedded():
        found = Balanced(demonstrations=24, candidates=1, exchanges=1).optimize(program, small_bench(program))
    shown = [[demo["conversation"] for demo in predictor.demos] for predictor in found.predictors()]
    assert len(shown) == 3
    assert shown[0] == shown[1] == shown[2]
    assert len(shown[0]) == 24


def test_a_label_has_no_more_than_it_may() -> None:
    program = bare("strategy-predictor")
    with embedded():
        optimizer = Balanced(per_label=3, candidates=1, exchanges=0)
        found = optimizer.optimize(program, small_bench(program))
    (predictor,) = found.predictors()
    assert set(Counter(demo["strategy"] for demo in predictor.demos).values()) == {3}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("labeled", "demonstrations"), ("balanced", "candidates"), ("balanced", "per_label"), ("knn", "pool")],
)
def test_parameters_out_of_bounds_are_refused(name: str, parameter: str) -> None:
    with pytest.raises(ConfigError, match=f"{parameter} is 0"):
        optimizer(name, **{parameter: 0})


def pooled(language: Language, name: str = "support-agent") -> Program:
    program = bare(name, language)
    with embedded():
        bench = small_bench(program)
        program.pool = Knn(demonstrations=3).pooled(program, bench)
    return program


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_nearest_is_the_one_that_says_the_same(language: Language) -> None:
    program = pooled(language, "strategy-predictor")
    (*before, turn), answered = (known := dialogues(1, language)[0].dialogue)[:5], known[5]
    ask = next(program.questions([*before, turn.model_copy(update={"text": turn.text + "!"})]))
    nearest = program.demonstrations(ask)
    assert len(nearest) == 3
    assert turn.text in nearest[-1]["conversation"].splitlines()[-1]
    assert answered.strategy is not None
    assert nearest[-1]["strategy"] == answered.strategy.name[language]


def test_demonstrations_of_the_predictor_stand_in_front_of_the_nearest() -> None:
    program = pooled("en", "strategy-predictor")
    own = dspy.Example(conversation="Customer: hi", strategy="Greeting")
    program.predictors()[0].demos = [own]
    shown = program.demonstrations(next(program.questions()))
    assert shown[0] == own
    assert len(shown) == 4


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pool_is_saved_with_the_program(language: Language, tmp_path: Path) -> None:
    program = pooled(language)
    again = load(save(program, tmp_path / "artifact"))
    assert isinstance(again, Program)
    assert again.dump_state() == program.dump_state()
    history = list(dialogues(1, language)[0].dialogue[:3])
    with embedded():
        assert again(history=history).row() == program(history=history).row()
    assert [again.demonstrations(ask) for ask in asks(again, history)] == [
        program.demonstrations(ask) for ask in asks(program, history)
    ]


def asks(program: Program, history: Sequence[Turn]) -> list[Ask]:
    return [next(program.questions(history=history))]


def test_all_ways_of_asking_show_the_same(llm_server: LLMServer) -> None:
    program = pooled("zh")
    history = list(dialogues(1, "zh", name="other")[0].dialogue[:5])
    bodies = {}
    with impatient(llm_server):
        for way, ask in WAYS.items():
            begun = len(llm_server.requests)
            ask(program, history=history)
            told = [request.json["messages"] for request in llm_server.requests[begun:]]
            bodies[way] = told
    assert all(told == bodies["call"] for told in bodies.values())
    assert [len(messages) for messages in bodies["call"]] == [8, 8, 8]


def test_threads_and_an_event_loop_agree() -> None:
    program = pooled("en", "strategy-predictor")
    histories = [
        list(each.dialogue[: 2 * number + 1])
        for each in dialogues(3, name="other")
        for number in range(len(each.dialogue) // 2)
    ]
    with embedded():
        context = dspy.settings.lm, dspy.settings.adapter

        def asked(history: Sequence[Turn]) -> dict[str, object]:
            with dspy.context(lm=context[0], adapter=context[1]):
                return dict(program(history=history).row())

        async def all_at_once() -> list[dict[str, object]]:
            return [
                each.row() for each in await asyncio.gather(*(program.acall(history=h) for h in histories))
            ]

        with ThreadPoolExecutor(8) as pool:
            in_threads = list(pool.map(asked, histories))
        assert in_threads == asyncio.run(all_at_once()) == [asked(history) for history in histories]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda pool: pool["demonstrations"].update({"nobody": []}), "nobody"),
        (lambda pool: pool["demonstrations"]["predict"][0].update({"mood": "fine"}), "mood"),
        (lambda pool: pool["demonstrations"]["predict"][0].update({"strategy": "Shouting"}), "not allowed"),
        (lambda pool: pool["demonstrations"]["predict"][0].update({"strategy": 7}), "not in its form"),
        (lambda pool: pool.update({"shown": 0}), "not in its form"),
        (lambda pool: pool.update({"demonstrations": []}), "not in its form"),
    ],
    ids=["predictor", "field", "label", "number", "none shown", "list"],
)
def test_a_pool_that_does_not_fit_is_refused(change: object, problem: str) -> None:
    content = json.loads(state(pooled("en", "strategy-predictor")))
    assert callable(change)
    change(content["pool"])
    program = bare("strategy-predictor")
    with pytest.raises(ArtifactError, match=problem):
        program.load_state(content)
    assert program.pool is None


def test_a_program_with_a_pool_forgets_it_for_one_without() -> None:
    program = pooled("en", "strategy-predictor")
    program.load_state(bare("strategy-predictor").dump_state())
    assert program.pool is None


def test_a_big_pool_keeps_all_labels() -> None:
    program = bare("strategy-predictor")
    with embedded():
        pool = Knn(pool=13).pooled(program, small_bench(program))
    counts = Counter(each["strategy"] for each in pool.demonstrations["predict"])
    assert counts.total() == 13
    assert len(counts) == 12


def test_reasoning_programs_have_their_pool_too() -> None:
    program = create("strategy-predictor", Options(language="en", reasoning=True))
    with embedded():
        program.pool = Knn(demonstrations=2).pooled(program, small_bench(program))
        assert len(program.demonstrations(next(program.questions()))) == 2
        assert program(history=[{"speaker": "customer", "text": "Hi"}]).strategy is not None
    assert program.predictors()[0].demos == []
