"""Every program with every engine: typed answers, the same ones whichever way it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import dspy
import pytest
from dspy.utils.callback import BaseCallback

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import DataError, LabelError
from csc_dspy.lm import using
from csc_dspy.programs import PROGRAMS, SupportPrediction
from csc_dspy.taxonomy import Stage, Strategy, load_taxonomy
from tests.support.behaviours import Behaviour, chatters, respells
from tests.support.openai_server import LLMServer
from tests.support.programs import (
    ASKS_FOR_STAGE,
    CALLS,
    CASES,
    DECIDES,
    FEW_CASES,
    PLAIN_CASES,
    TWO_WAYS,
    WAYS,
    WRITES,
    Ask,
    Case,
    call,
    impatient,
)


@contextmanager
def through_dspy(server: LLMServer) -> Iterator[dspy.LM]:
    """Our engine, called through DSPy's own layer: callbacks need it."""
    with impatient(server) as lm, dspy.context(callbacks=[BaseCallback()]):
        yield lm


@contextmanager
def with_adapter_of_dspy(server: LLMServer) -> Iterator[dspy.LM]:
    with impatient(server) as lm, dspy.context(adapter=dspy.ChatAdapter()):
        yield lm


ENGINES: dict[str, Callable[[LLMServer], AbstractContextManager[dspy.LM]]] = {
    "hosted": impatient,
    "hosted, through DSPy's layer": through_dspy,
    "hosted, cached": lambda server: using("openai/test", api_base=server.url),
    "embedded": lambda _: using("embedded"),
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, llm_server: LLMServer) -> Iterator[str]:
    """The name of an engine that is in force."""
    with ENGINES[request.param](llm_server):
        yield request.param


def require_conformity(case: Case, answer: SupportPrediction) -> None:
    """What an answer of a program holds, whatever language model it came from."""
    fields = {"stage": Stage, "strategy": Strategy, "response": str}
    for field, type_ in fields.items():
        value = getattr(answer, field)
        assert isinstance(value, type_) if field in DECIDES[case.name] else value is None, field
    assert answer.stage in case.taxonomy.stages
    assert answer.strategy is None or answer.strategy in case.taxonomy.strategies
    assert answer.response is None or answer.response.strip()
    assert (answer.stage_proposed is not None) == (case.name in ASKS_FOR_STAGE)
    assert isinstance(answer.history, Conversation)
    assert answer.history.taxonomy == case.taxonomy
    assert set(answer.row()) - {"strategy_probabilities"} == DECIDES[case.name] | (
        {"strategy_number"} if answer.strategy else set()
    )
    if answer.strategy_probabilities is not None:
        assert list(answer.strategy_probabilities) == [strategy.id for strategy in case.taxonomy.strategies]
        assert sum(answer.strategy_probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_is_typed_and_the_same_whichever_way_it_is_asked_for(engine: str, case: Case) -> None:
    program = case.program()
    answers = {name: ask(program, history=case.history, **case.inputs) for name, ask in WAYS.items()}
    for answer in answers.values():
        require_conformity(case, answer)
        assert answer.row() == answers["call"].row()
        assert answer.reasoning == answers["call"].reasoning
        assert answer.history == answers["call"].history
        assert answer.usage.repairs == 0
        assert answer.usage.calls == CALLS[case.name]
    assert answers["call"].usage.output_tokens > 0 or engine == "embedded"


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("case", [case for case in CASES if case.reasoning], ids=str)
def test_reasoning_is_kept(case: Case) -> None:
    reasoning = call(case.program(), history=case.history, **case.inputs).reasoning
    assert reasoning is not None
    assert len(reasoning.splitlines()) == CALLS[case.name]


@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_the_adapter_of_dspy_does_as_well(llm_server: LLMServer, case: Case) -> None:
    with impatient(llm_server):
        ours = call(case.program(), history=case.history, **case.inputs)
    with with_adapter_of_dspy(llm_server):
        for ask in WAYS.values():
            theirs = ask(case.program(), history=case.history, **case.inputs)
            require_conformity(case, theirs)
            assert theirs.row() == ours.row()


def other_language(case: Case) -> Behaviour:
    return respells(lambda label: case.labels(label).name["zh" if case.language == "en" else "en"])


def abbreviated(case: Case) -> Behaviour:
    return respells(lambda label: getattr(case.labels(label), "abbreviation", case.labels(label).id))


def edited(edit: Callable[[str], str]) -> Callable[[Case], Behaviour]:
    return lambda _: Behaviour(edit=edit)


ODDITIES: dict[str, Callable[[Case], Behaviour]] = {
    "capitals": lambda _: respells(str.upper),
    "small letters": lambda _: respells(str.lower),
    "the other language": other_language,
    "numbers": lambda case: respells(lambda label: str(case.labels(label).number)),
    "abbreviations": abbreviated,
    "bold labels with a full stop": lambda _: respells("**{}**.".format),
    "numbered labels": lambda case: respells(lambda label: f"{case.labels(label).number}. {label}"),
    "prose around": lambda _: chatters(),
    "bold markers": edited(lambda text: text.replace("[[ ##", "**[[ ##").replace("## ]]", "## ]]**")),
    "quoted markers": edited(lambda text: text.replace("[[ ##", "> [[ ##")),
    "tight markers": edited(lambda text: text.replace("[[ ## ", "[[##").replace(" ## ]]", "##]]")),
    "values beside markers": edited(lambda text: text.replace(" ## ]]\n", " ## ]] ")),
    "Windows lines": edited(lambda text: text.replace("\n", "\r\n")),
    "no end": edited(lambda text: text.replace("[[ ## completed ## ]]", "")),
    "the end on the last line": edited(lambda text: text.replace("\n\n[[ ## completed", " [[ ## completed")),
    "everything twice": edited(lambda text: f"{text}\n{text}"),
}


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("oddity", ODDITIES)
@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_odd_answers_are_read_as_people_read_them(llm_server: LLMServer, case: Case, oddity: str) -> None:
    program = case.program()
    expected = call(program, history=case.history, **case.inputs)
    llm_server.usually(ODDITIES[oddity](case))
    for ask in TWO_WAYS.values():
        answer = ask(program, history=case.history, **case.inputs)
        assert answer.row() == expected.row()
        assert answer.usage.repairs == 0


ONE_OUTPUT = [case for case in PLAIN_CASES if case.name != "support-agent-joint"]


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("end", ["", "\n\n[[ ## completed ## ]]", " [[ ## completed ## ]]"])
@pytest.mark.parametrize("case", ONE_OUTPUT, ids=str)
def test_a_single_field_needs_no_marker(llm_server: LLMServer, case: Case, end: str) -> None:
    def bare(text: str) -> str:
        return text.split("\n")[1] + end

    program = case.program()
    expected = call(program, history=case.history, **case.inputs)
    llm_server.usually(Behaviour(edit=bare))
    for ask in TWO_WAYS.values():
        answer = ask(program, history=case.history, **case.inputs)
        assert answer.row() == expected.row()
        assert answer.usage.repairs == 0


def says_stage(stage: Stage) -> Behaviour:
    """Answers well, and with this stage wherever one is asked for."""
    names = {
        each.name[language] for each in load_taxonomy(stage.taxonomy).stages for language in ("en", "zh")
    }
    return respells(lambda label: stage.name.en if label in names else label)


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("case", [case for case in PLAIN_CASES if case.name in ASKS_FOR_STAGE], ids=str)
def test_the_stage_rule_is_applied_and_seen(llm_server: LLMServer, case: Case, ask: Ask) -> None:
    first, *_, last = case.taxonomy.stages
    there = [{**case.history[0], "stage": last.id}, case.history[1]]
    llm_server.usually(says_stage(first))
    answer = ask(case.program(), history=there)
    assert answer.stage == case.taxonomy.stages[last.number - 1 - case.taxonomy.fall_back]
    assert (answer.stage_proposed, answer.stage_adjusted) == (first, True)
    answer = ask(case.program(), history=case.history)
    assert (answer.stage, answer.stage_proposed, answer.stage_adjusted) == (first, first, False)


CALLS_WHEN_FORCED = {
    "strategy-predictor": 0,
    "response-writer": 1,
    "support-agent": 2,
    "support-agent-joint": 1,
}


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("case", [case for case in PLAIN_CASES if case.name in CALLS_WHEN_FORCED], ids=str)
def test_a_strategy_can_be_given(llm_server: LLMServer, case: Case, ask: Ask) -> None:
    for strategy in case.taxonomy.strategies[::5]:
        for spelled in (strategy, strategy.abbreviation, strategy.name.zh):
            llm_server.requests.clear()
            answer = ask(case.program(), history=case.history, strategy=spelled)
            require_strategy = (answer.strategy, answer.strategy_probabilities)
            assert require_strategy == (strategy, None)
            assert answer.stage in case.taxonomy.stages
            assert (answer.response is not None) == (case.name in WRITES)
            assert len(llm_server.requests) == answer.usage.calls == CALLS_WHEN_FORCED[case.name]


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("case", FEW_CASES, ids=str)
def test_what_is_no_strategy_of_the_taxonomy_is_refused(case: Case, ask: Ask) -> None:
    inputs = {"history": case.history, **case.inputs}
    with pytest.raises(LabelError, match="'dance' names no strategy"):
        ask(case.program(), **inputs | {"strategy": "dance"})
    other = load_taxonomy("esconv" if case.taxonomy_id == "copc" else "copc")
    with pytest.raises(DataError, match="is one of the taxonomy"):
        ask(case.program(), **inputs | {"strategy": other.strategies[-1]})


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
def test_a_program_says_what_it_lacks(ask: Ask) -> None:
    with pytest.raises(DataError, match="no strategy to write by"):
        ask(PROGRAMS["response-writer"]())
    for nothing in (None, "", " \n", "\u200b"):
        with pytest.raises(DataError, match="no supporter turn to label"):
            ask(PROGRAMS["strategy-classifier"](), turn=nothing)
