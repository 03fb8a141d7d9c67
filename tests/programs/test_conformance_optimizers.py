"""What DSPy's optimizers see of every program, and that it stays itself when they and files handle it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dspy
import pytest

from csc_dspy.compiled import load, save
from csc_dspy.programs import PROGRAMS, Program, SupportAgentJoint, SupportPrediction
from tests.support.openai_server import LLMServer
from tests.support.programs import CASES, FEW_CASES, PLAIN_CASES, Case, call, impatient

PREDICTORS = {
    "stage-tracker": ["track"],
    "strategy-classifier": ["classify"],
    "strategy-predictor": ["predict"],
    "response-writer": ["write"],
    "support-agent": ["tracker.track", "strategist.predict", "writer.write"],
    "support-agent-joint": ["answer"],
}


def test_the_table_has_every_program() -> None:
    assert PREDICTORS.keys() == PROGRAMS.keys()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_optimizers_see_what_is_the_programs_own_task(case: Case) -> None:
    ending = ".predict" if case.reasoning else ""
    names = [name for name, _ in case.program().named_predictors()]
    assert names == [f"{name}{ending}" for name in PREDICTORS[case.name]]


def unlabelled_history(case: Case) -> list[dict[str, str]]:
    return [{**turn, "strategy": ""} for turn in case.history]


def examples(case: Case) -> list[dspy.Example]:
    history = unlabelled_history(case)
    return [
        dspy.Example(
            history=[*history, {"speaker": "customer", "text": str(number)}], **case.inputs
        ).with_inputs("history", *case.inputs)
        for number in range(3)
    ]


def hidden_state(program: Program) -> dict[str, Any]:
    """What optimizers must not touch."""
    modules: dict[str, dspy.Module] = {"labeller": program.labeller}
    if isinstance(program, SupportAgentJoint):
        modules["writer"] = program.writer
    return {name: module.dump_state() for name, module in modules.items()}


def always(_example: dspy.Example, answer: SupportPrediction, _trace: object = None) -> bool:
    assert isinstance(answer, SupportPrediction)
    return True


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("case", [*FEW_CASES, Case("support-agent", "en", "copc", reasoning=True)], ids=str)
def test_bootstrapped_demonstrations_go_to_what_is_seen(case: Case, tmp_path: Path) -> None:
    program = case.program()
    untouched = hidden_state(program)
    optimizer = dspy.BootstrapFewShot(metric=always, max_bootstrapped_demos=2, max_labeled_demos=0)
    compiled = optimizer.compile(program, trainset=examples(case))
    assert type(compiled) is type(program)
    for _, predictor in compiled.named_predictors():
        assert len(predictor.demos) == 2
        outputs = set(predictor.signature.output_fields)
        assert all(outputs <= set(demo.keys()) and demo["conversation"] for demo in predictor.demos)
    assert untouched
    assert hidden_state(compiled) == hidden_state(program) == untouched
    assert all(not predictor.demos for predictor in program.predictors())

    inputs = {"history": unlabelled_history(case), **case.inputs}
    answer = call(compiled, **inputs)
    again = load(save(compiled, tmp_path / "artifact"))
    assert again.dump_state() == compiled.dump_state()
    assert call(again, **inputs).row() == answer.row()
    assert call(compiled.deepcopy(), **inputs).row() == answer.row()


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("case", FEW_CASES, ids=str)
def test_labelled_demonstrations(case: Case) -> None:
    strategy = case.taxonomy.strategies[2].name[case.language]
    stage = case.taxonomy.stages[1].name[case.language]
    fields = {"conversation": "…", "turn": "?", "strategy": strategy, "stage": stage, "response": "!"}
    trainset = [dspy.Example(**fields).with_inputs("conversation") for _ in range(3)]
    compiled = dspy.LabeledFewShot(k=2).compile(case.program(), trainset=trainset)
    assert [len(predictor.demos) for predictor in compiled.predictors()] == [2] * len(PREDICTORS[case.name])
    call(compiled, history=case.history, **case.inputs)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_copy_is_a_program_of_its_own(case: Case) -> None:
    program = case.program()
    copy = program.deepcopy()
    assert copy.options == program.options
    assert copy.dump_state() == program.dump_state()
    for predictor in copy.predictors():
        predictor.demos = [dspy.Example(conversation="…")]
    assert all(not predictor.demos for predictor in program.predictors())
    assert [name for name, _ in copy.named_predictors()] == [name for name, _ in program.named_predictors()]
    assert hidden_state(copy) == hidden_state(program)


@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_state_goes_through_files_of_dspy_too(case: Case, tmp_path: Path) -> None:
    program = case.program()
    for predictor in program.predictors():
        predictor.demos = [dspy.Example(conversation="客户：喂？", augmented=True)]
        predictor.signature = predictor.signature.with_instructions("Answer quickly.")
    program.save(tmp_path / "state.json")
    again = case.program()
    again.load(tmp_path / "state.json")
    assert again.dump_state() == program.dump_state()


@pytest.mark.parametrize("case", FEW_CASES, ids=str)
def test_a_language_model_of_its_own_answers_everything(llm_server: LLMServer, case: Case) -> None:
    program = case.program()
    with impatient(llm_server) as lm:
        program.set_lm(lm)
        with dspy.context(lm=None):
            answer = call(program, history=unlabelled_history(case), **case.inputs)
            assert answer.history.dialogue[0].strategy is not None
            if case.name == "support-agent-joint":
                assert call(program, strategy=case.taxonomy.strategies[0]).response
    program.set_lm(None)
    with impatient(llm_server, "openai/other"):
        call(program, history=unlabelled_history(case), **case.inputs)
    assert llm_server.requests[-1].json["model"] == "other"
    assert {request.json["model"] for request in llm_server.requests[:2]} == {"test"}
