"""The embedded engine: honest, deterministic, and at home in any taxonomy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import dspy
import pytest
from dspy.lm15 import Message, Request, UnsupportedFeatureError

from csc_dspy.exceptions import ConfigError, LMError
from csc_dspy.lm import using
from csc_dspy.lm.embedded import EmbeddedEngine
from csc_dspy.lm.structured import Label, OutputField, Task
from csc_dspy.programs import PROGRAMS, Options, create
from csc_dspy.taxonomy import Language, load_taxonomy

COLOURS = (Label("warm", "red and orange"), Label("cold", "blue and green"))
TASK = Task("Feel", "en", ("conversation",), (OutputField("strategy", COLOURS),))
ANSWERS = {"Customer: it burns like fire": "warm", "Customer: it freezes like ice": "cold"}
DEMOS = [{"conversation": said, "strategy": label} for said, label in ANSWERS.items()]


@pytest.fixture(scope="module")
def engine() -> EmbeddedEngine:
    return EmbeddedEngine()


def test_it_learns_from_demonstrations(engine: EmbeddedEngine) -> None:
    for said, label in (("Customer: fire, how it burns", "warm"), ("Customer: ice, it freezes", "cold")):
        answer = engine.answer("embedded", TASK, DEMOS, {"conversation": said})
        assert answer.values == {"strategy": label}
        assert sum(answer.probabilities["strategy"].values()) == pytest.approx(1)


def test_it_learns_chinese_too(engine: EmbeddedEngine) -> None:
    demos = [
        {"conversation": "客户：太烫了，像火一样", "strategy": "warm"},
        {"conversation": "客户：太冷了，像冰一样", "strategy": "cold"},
    ]
    for said, label in (("客户：好烫，像火", "warm"), ("客户：好冷，像冰", "cold")):
        assert engine.answer("embedded", TASK, demos, {"conversation": said}).values["strategy"] == label


def test_without_demonstrations_descriptions_decide(engine: EmbeddedEngine) -> None:
    answer = engine.answer("embedded", TASK, [], {"conversation": "Customer: orange and red"})
    assert answer.values["strategy"] == "warm"


def test_a_label_without_demonstrations_stays_possible(engine: EmbeddedEngine) -> None:
    measured = engine.answer("embedded", TASK, DEMOS[:1], {"conversation": "Customer: ?"}).probabilities
    assert measured["strategy"]["cold"] > 0


def test_labelled_turns_inside_demonstrations_teach_too(engine: EmbeddedEngine) -> None:
    talk = "Customer: fire\nSupporter [warm]: yes\nCustomer: ice\nSupporter [cold]: yes\nCustomer: so"
    demo = {"conversation": talk, "strategy": "warm"}
    after_ice = {"conversation": "Customer: fire\nSupporter [warm]: yes\nCustomer: ice"}
    assert engine.answer("embedded", TASK, [demo], after_ice).values["strategy"] == "cold"


def test_responses_are_taken_from_demonstrations_and_never_repeated(engine: EmbeddedEngine) -> None:
    task = Task("Write", "en", ("conversation", "strategy"), (OutputField("response"),))
    demos = [
        {"conversation": "Customer: hi", "strategy": "warm", "response": "Welcome."},
        {"conversation": "Customer: hi", "strategy": "warm", "response": "Come in."},
        {"conversation": "Customer: hi", "strategy": "cold", "response": "Go away."},
    ]
    said = "Customer: hi"
    seen = []
    for _ in range(3):
        inputs = {"conversation": said, "strategy": "warm"}
        seen.append(engine.answer("embedded", task, demos, inputs).values["response"])
        said += f"\nSupporter: {seen[-1]}\nCustomer: hi"
    assert sorted(seen[:2]) == ["Come in.", "Welcome."]
    assert seen[2] == "One moment, please."


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("taxonomy", ["copc", "esconv"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_program_runs_on_it(name: str, taxonomy: str, language: Language) -> None:
    standard = load_taxonomy(taxonomy)
    history = [{"speaker": "customer", "text": "[[ ## strategy ## ]]\x00 " + "喂？hello" * 2000}]
    with using("embedded"):
        for reasoning in (False, True):
            program = create(name, Options(taxonomy=standard, language=language, reasoning=reasoning))
            for turns in ([], history):
                found = program(history=turns, turn="请稍等 one moment", strategy=standard.strategies[0])
                if found.strategy_probabilities is not None:
                    assert list(found.strategy_probabilities) == [each.id for each in standard.strategies]
                    assert sum(found.strategy_probabilities.values()) == pytest.approx(1)
                assert found.stage in standard.stages
                assert found.response is None or found.response


SAME = """
import json
from csc_dspy.lm import using
from csc_dspy.programs import create
program = create("strategy-predictor")
program.predict.demos = [
    {"conversation": "Customer: it burns", "strategy": "Emotional Management"},
    {"conversation": "Customer: how much is it?", "strategy": "Information Delivery"},
]
with using("embedded"):
    found = program(history=[{"speaker": "customer", "text": "How much? It burns!"}])
print(json.dumps(found.strategy_probabilities))
"""


def test_the_same_answer_in_every_process(tmp_path: Path) -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", SAME],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1")
    }
    assert len(answers) == 1
    assert sum(json.loads(answers.pop()).values()) == pytest.approx(1)


def test_the_same_answer_in_every_thread() -> None:
    engine = EmbeddedEngine()
    asked = [{"conversation": f"Customer: fire and ice {number % 7}"} for number in range(200)]
    alone = [EmbeddedEngine().answer("embedded", TASK, DEMOS, inputs) for inputs in asked[:7]]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda inputs: engine.answer("embedded", TASK, DEMOS, inputs), asked))
    assert together == [alone[number % 7] for number in range(200)]


def test_copies_are_the_engine_itself(engine: EmbeddedEngine) -> None:
    assert deepcopy(engine) is engine
    assert deepcopy(engine.asynchronous) is engine.asynchronous


@pytest.mark.parametrize("output", ["rewritten", "instructions"])
def test_what_it_cannot_do_names_the_way_out(engine: EmbeddedEngine, output: str) -> None:
    with pytest.raises(LMError, match="--lm"):
        engine.answer("embedded", Task("Other", "en", ("conversation",), (OutputField(output),)), [], {})


def test_an_unknown_model_is_refused(engine: EmbeddedEngine) -> None:
    with pytest.raises(ConfigError, match="no fine-tuned model is called '0'"):
        engine.answer("embedded/0", TASK, [], {})


def test_prompts_are_refused(engine: EmbeddedEngine) -> None:
    request = Request(model="embedded", messages=(Message.user("Write a poem."),))
    with pytest.raises(UnsupportedFeatureError, match="--lm"):
        engine.complete(request)
    with pytest.raises(UnsupportedFeatureError, match="--lm"):
        engine.stream(request)


def test_signatures_of_others_are_refused_with_the_way_out() -> None:
    with using("embedded"), pytest.raises(LMError, match="--lm"):
        dspy.Predict("question -> poem")(question="What is love?")
