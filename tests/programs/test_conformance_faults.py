"""Every program with a language model that answers badly, late or not at all: once more, or a typed error."""

from __future__ import annotations

from collections.abc import Callable

import dspy
import pytest
from _pytest.mark import ParameterSet

from csc_dspy.exceptions import AnswerError, LMError
from csc_dspy.lm import CallError, UnreadableAnswerError
from csc_dspy.taxonomy import Language
from tests.support.answers import answer as good_answer
from tests.support.behaviours import Behaviour, breaks_off, fails, hangs, says, stops_short, throttles
from tests.support.openai_server import LLMServer
from tests.support.programs import (
    ASKS_FOR_STAGE,
    CALLS,
    FEW_CASES,
    PLAIN_CASES,
    TWO_WAYS,
    WAYS,
    Ask,
    Case,
    call,
    impatient,
)

SECRET = "my PIN is 4711"
FIRST = dict.fromkeys(ASKS_FOR_STAGE, "stage") | {"response-writer": "response"}
FIRST |= dict.fromkeys(("strategy-classifier", "strategy-predictor"), "strategy")
REASONS: dict[str, tuple[Callable[[Case], Behaviour], dict[Language, str]]] = {
    "cut off": (
        lambda _: stops_short(10),
        {"en": "it was cut off at the token limit", "zh": "它因达到长度上限而被截断"},
    ),
    "empty": (lambda _: says(""), {"en": "it is empty", "zh": "它是空的"}),
    "blank": (lambda _: says(" \n\n"), {"en": "it is empty", "zh": "它是空的"}),
    "another field": (
        lambda _: says(f"[[ ## mood ## ]]\n{SECRET}"),
        {"en": "is missing", "zh": "缺少字段 "},
    ),
    "an empty field": (
        lambda case: says(f"[[ ## {FIRST[case.name]} ## ]]\n\n[[ ## completed ## ]]"),
        {"en": "is empty", "zh": "是空的"},
    ),
    "an unknown label": (
        lambda _: says(f"[[ ## stage ## ]]\n{SECRET}\n\n[[ ## strategy ## ]]\n{SECRET}"),
        {"en": "names no label", "zh": "不是任何一个规定的标签"},
    ),
}


def faults(cases: list[Case]) -> list[ParameterSet]:
    """Cases with what can be wrong with their answers; a response has no label."""
    return [
        pytest.param(case, fault, id=f"{case}-{fault}")
        for case in cases
        for fault in REASONS
        if not (case.name == "response-writer" and "label" in fault)
    ]


def two_labels(case: Case) -> Behaviour:
    names = [strategy.name[case.language] for strategy in case.taxonomy.strategies[5:7]]
    return Behaviour(label=lambda _: f"{' / '.join(names)} ({SECRET})")


def require_one_repair(server: LLMServer, case: Case, ask: Ask, bad: Behaviour, reason: str) -> None:
    """A bad answer is followed by exactly one more call, with it and the reason, and that is enough."""
    expected = call(case.program(), history=case.history, **case.inputs)
    good = good_answer(server.requests[0].json).text
    server.requests.clear()
    server.script(bad, says(good))
    answer = ask(case.program(), history=case.history, **case.inputs)
    assert answer.row() == expected.row()
    assert answer.usage.repairs == 1
    assert answer.usage.calls == len(server.requests) == CALLS[case.name] + 1
    first, second = (request.json["messages"] for request in server.requests[:2])
    assert second[: len(first)] == first
    bad_answer, again = second[len(first) :]
    assert (bad_answer["role"], again["role"]) == ("assistant", "user")
    assert reason in again["content"]
    asking = {"en": "Answer again", "zh": "重新回答"}
    assert asking[case.language] in again["content"]
    assert SECRET not in again["content"]


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("ask", TWO_WAYS.values(), ids=TWO_WAYS)
@pytest.mark.parametrize(("case", "fault"), faults(PLAIN_CASES))
def test_an_unreadable_answer_is_asked_for_once_more(
    llm_server: LLMServer, case: Case, fault: str, ask: Ask
) -> None:
    bad, reasons = REASONS[fault]
    require_one_repair(llm_server, case, ask, bad(case), reasons[case.language])


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("case", [case for case in PLAIN_CASES if case.name.startswith("strategy")], ids=str)
def test_two_labels_are_told_in_the_language_of_the_prompt(llm_server: LLMServer, case: Case) -> None:
    bad, reason = (
        two_labels(case),
        ", ".join(each.name[case.language] for each in case.taxonomy.strategies[5:7]),
    )
    require_one_repair(llm_server, case, call, bad, reason)


@pytest.mark.usefixtures("lm")
def test_the_second_request_quotes_the_bad_answer(llm_server: LLMServer) -> None:
    llm_server.script(says("[[ ## strategy ## ]]\nDancing"), says("GT"))
    call(Case("strategy-predictor", "en", "copc").program())
    assert llm_server.requests[1].json["messages"][-2]["content"] == "[[ ## strategy ## ]]\nDancing"
    llm_server.requests.clear()
    llm_server.script(says(""), says("GT"))
    call(Case("strategy-predictor", "en", "copc").program())
    # Some servers refuse an empty message.
    assert llm_server.requests[1].json["messages"][-2]["content"].strip()


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("case", "fault"), faults(FEW_CASES))
def test_never_readable_is_a_typed_error_that_does_not_quote(
    llm_server: LLMServer, case: Case, fault: str, ask: Ask
) -> None:
    bad, reasons = REASONS[fault]
    llm_server.usually(bad(case))
    with pytest.raises(UnreadableAnswerError) as caught:
        ask(case.program(), history=case.history, **case.inputs)
    require_discretion(caught.value, reasons["en"])
    assert (SECRET in caught.value.lm_response) == (SECRET in str(bad(case).text))
    assert len(llm_server.requests) == 2


def require_discretion(error: UnreadableAnswerError, reason: str) -> None:
    """The error is of our family and DSPy's, says why, and quotes neither the answer nor the prompt."""
    assert isinstance(error, AnswerError)
    assert isinstance(error, dspy.utils.exceptions.AdapterParseError)
    assert reason in str(error)
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    for each in chain:
        for secret in (SECRET, "4711", "My card", "我的卡"):
            assert secret not in str(each)
            assert secret not in repr(each)


PASSING: dict[str, Callable[[], Behaviour]] = {
    "429": throttles,
    "500": lambda: fails(500),
    "503": lambda: fails(503),
    "broken connection": lambda: breaks_off(0, reset=True),
}


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("ask", TWO_WAYS.values(), ids=TWO_WAYS)
@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("case", FEW_CASES, ids=str)
def test_what_passes_is_tried_again_unseen(llm_server: LLMServer, case: Case, fault: str, ask: Ask) -> None:
    expected = call(case.program(), history=case.history, **case.inputs)
    llm_server.requests.clear()
    llm_server.script(PASSING[fault](), PASSING[fault]())
    answer = ask(case.program(), history=case.history, **case.inputs)
    assert answer.row() == expected.row()
    assert answer.usage == expected.usage
    assert len(llm_server.requests) == CALLS[case.name] + 2


@pytest.mark.usefixtures("lm")
def test_the_server_says_when_to_come_back(llm_server: LLMServer) -> None:
    llm_server.script(throttles("0.5"))
    call(Case("stage-tracker", "en", "copc").program())
    first, second = (request.at for request in llm_server.requests)
    # Sooner would be against what the server asked for; later is the machine's business.
    assert second - first >= 0.45


LASTING: dict[str, tuple[Behaviour, str, str, int]] = {
    "always 500": (fails(500, "overheated"), "server", "overheated", 2),
    "always 429": (throttles(), "rate_limit", "Rate limit reached", 2),
    "refused": (
        fails(400, "no such option", "bad_request"),
        "invalid_request",
        "no such option",
        1,
    ),
    "too slow": (hangs(), "timeout", "no answer from", 2),
}


@pytest.mark.parametrize("ask", TWO_WAYS.values(), ids=TWO_WAYS)
@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize("case", [FEW_CASES[0], FEW_CASES[-2]], ids=str)
def test_what_does_not_pass_is_a_typed_error(llm_server: LLMServer, case: Case, fault: str, ask: Ask) -> None:
    behaviour, code, said, attempts = LASTING[fault]
    llm_server.usually(behaviour)
    with impatient(llm_server, attempts=2, timeout=0.2), pytest.raises(CallError) as caught:
        ask(case.program(), history=case.history, **case.inputs)
    require_call_error(caught.value, code, said)
    assert len(llm_server.requests) == attempts


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("case", FEW_CASES, ids=str)
def test_a_wrong_key_and_an_unknown_model_are_final(case: Case, ask: Ask, llm_server: LLMServer) -> None:
    llm_server.key = "sk-right"
    with impatient(llm_server, key="sk-wrong"), pytest.raises(CallError) as caught:
        ask(case.program(), history=case.history, **case.inputs)
    require_call_error(caught.value, "auth", "Incorrect API key")
    assert "sk-wrong" not in str(caught.value)
    llm_server.key, llm_server.models = None, frozenset({"other"})
    with impatient(llm_server), pytest.raises(CallError) as caught:
        ask(case.program(), history=case.history, **case.inputs)
    require_call_error(caught.value, "unsupported_model", "does not exist")
    assert len(llm_server.requests) == 2


def require_call_error(error: CallError, code: str, said: str) -> None:
    assert isinstance(error, LMError)
    assert isinstance(error, dspy.utils.exceptions.LMError)
    assert error.code == code
    assert said in str(error)
    assert "--lm openai/test" in str(error)
    assert "\n" not in str(error)


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
def test_an_error_of_one_answer_leaves_the_program_as_it_was(llm_server: LLMServer, ask: Ask) -> None:
    case = Case("support-agent", "en", "copc")
    program = case.program()
    expected = ask(program, history=case.history)
    llm_server.script(says("?"), says("?"))
    with pytest.raises(UnreadableAnswerError):
        ask(program, history=case.history)
    again = ask(program, history=case.history)
    assert (again.row(), again.usage) == (expected.row(), expected.usage)
