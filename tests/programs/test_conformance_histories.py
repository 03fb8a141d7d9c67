"""Every program with every kind of history."""

from __future__ import annotations

import pytest

from csc_dspy import read
from csc_dspy.conversations import Conversation, Turn
from csc_dspy.exceptions import DataError
from csc_dspy.programs import History
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer
from tests.support.programs import CALLS, FEW_CASES, PLAIN_CASES, SPOKEN, WAYS, Ask, Case, call

pytestmark = pytest.mark.usefixtures("lm")


def spoken(case: Case, *turns: str) -> list[dict[str, str]]:
    """Turns without labels: ``S`` the supporter's, ``C`` the customer's."""
    speakers = {"S": "supporter", "C": "customer"}
    texts = SPOKEN[case.language]
    return [
        {"speaker": speakers[turn], "text": f"{texts[turn == 'C']} ({i})"} for i, turn in enumerate(turns)
    ]


def labels(conversation: Conversation) -> list[str | None]:
    return [turn.strategy.id if turn.strategy else None for _, turn in conversation.supporter_turns()]


@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_an_empty_history(case: Case) -> None:
    nothing: list[History] = [(), [], Conversation(dialogue=())]
    for history in nothing:
        for ask in WAYS.values():
            answer = ask(case.program(), history=history, **case.inputs)
            assert answer.history.dialogue == ()
            assert answer.history.taxonomy == case.taxonomy
            assert answer.usage.calls == CALLS[case.name]


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_unlabelled_turns_are_classified_once(llm_server: LLMServer, case: Case, ask: Ask) -> None:
    program = case.program()
    history = spoken(case, *"SCSCC")
    answer = ask(program, history=history, **case.inputs)
    assert all(labels(answer.history))
    assert [turn.text for turn in answer.history.dialogue] == [turn["text"] for turn in history]
    assert answer.usage.calls == len(llm_server.requests) == 2 + CALLS[case.name]
    first, second = (request.json["messages"][-1]["content"] for request in llm_server.requests[:2])
    assert f"[[ ## turn ## ]]\n{history[0]['text']}\n" in first
    assert f"[[ ## turn ## ]]\n{history[2]['text']}\n" in second
    # The second turn is judged in the light of what the first one was found to be.
    found = answer.history.dialogue[0].strategy
    assert found is not None
    assert found.name[case.language] in second.partition("[[ ## turn")[0]

    llm_server.requests.clear()
    again = ask(program, history=answer.history, **case.inputs)
    assert again.row() == answer.row()
    assert again.usage.calls == len(llm_server.requests) == CALLS[case.name]


@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_labels_that_are_there_stay(llm_server: LLMServer, case: Case) -> None:
    label = case.taxonomy.strategies[-1].id
    history = [*spoken(case, *"SC"), {"speaker": "supporter", "strategy": label, "text": "!"}]
    answer = call(case.program(), history=history, **case.inputs)
    assert labels(answer.history)[1] == label
    assert len(llm_server.requests) == 1 + CALLS[case.name]


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_unlabelled_turns_may_stay_unknown(llm_server: LLMServer, case: Case, ask: Ask) -> None:
    history = spoken(case, *"SCSC")
    answer = ask(case.program(unlabelled="unknown"), history=history, **case.inputs)
    assert labels(answer.history) == [None, None]
    assert answer.usage.calls == len(llm_server.requests) == CALLS[case.name]


@pytest.mark.parametrize("case", FEW_CASES, ids=str)
def test_turns_of_one_speaker_in_a_row(llm_server: LLMServer, case: Case) -> None:
    history = spoken(case, *"CCSSCCC")
    answer = call(case.program(unlabelled="unknown"), history=history, **case.inputs)
    assert len(answer.history.dialogue) == 7
    prompt = llm_server.requests[0].json["messages"][-1]["content"]
    assert [line for line in prompt.split("\n") if "(" in line][:7] == [
        line for turn in history for line in prompt.split("\n") if turn["text"] in line
    ]


@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_a_history_over_the_limit(llm_server: LLMServer, case: Case) -> None:
    history = case.history * 20
    answer = call(case.program(history_tokens=30), history=history, **case.inputs)
    assert len(answer.history.dialogue) == 40
    for request in llm_server.requests:
        prompt = request.json["messages"][-1]["content"]
        assert {"en": "earlier turns left out", "zh": "更早的"}[case.language] in prompt
        assert prompt.count(SPOKEN[case.language][1]) < 5
        assert case.history[-1]["text"] in prompt


@pytest.mark.parametrize("case", FEW_CASES, ids=str)
def test_every_form_of_a_history_is_the_same_history(case: Case) -> None:
    rows = case.history
    conversation = Conversation.model_validate({"dialogue": rows}, context=case.taxonomy)
    answers = [
        call(case.program(), history=history, **case.inputs).row()
        for history in (rows, tuple(rows), conversation, conversation.dialogue, list(conversation.dialogue))
    ]
    assert answers == answers[:1] * len(answers)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whole_conversations_of_the_sample(language: Language) -> None:
    program = Case("support-agent-joint", language, "copc").program()
    for conversation in list(read("csconv-sample", language=language))[:5]:
        assert call(program, history=conversation).history == conversation


BAD: list[tuple[object, str]] = [
    ([{"speaker": "alien", "text": "hi"}], "history, turn 1: unknown speaker 'alien'"),
    ([{"speaker": "customer", "text": "hi"}, {"speaker": "customer"}], "history, turn 2: has no `text`"),
    ([{"speaker": "customer", "text": " "}], "`text` is empty"),
    ([{"speaker": "agent", "text": "hi", "strategy": "dance"}], "'dance' names no strategy"),
    ([{"speaker": "customer", "text": "hi", "strategy": "GT"}], "a customer's turn carries a strategy"),
    ("hello", "history, turn 1: is text, not an object"),
]


@pytest.mark.parametrize(("history", "problem"), BAD)
def test_what_is_no_history_is_one_clear_error(history: object, problem: str) -> None:
    for ask in WAYS.values():
        with pytest.raises(DataError) as caught:
            ask(Case("support-agent", "en", "copc").program(), history=history)
        assert problem in str(caught.value)
        assert "pydantic" not in str(caught.value)
        assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_history_of_another_taxonomy_is_refused_unless_nothing_in_it_is_labelled() -> None:
    esconv = load_taxonomy("esconv")
    program = Case("support-agent", "en", "esconv").program()
    labelled = Conversation.model_validate({"dialogue": Case("", "en", "copc").history})
    with pytest.raises(DataError, match="labelled by the taxonomy 'copc', and the program works by 'esconv'"):
        call(program, history=labelled)
    with pytest.raises(DataError, match="another taxonomy than 'esconv'"):
        call(program, history=labelled.dialogue)
    bare = Conversation(dialogue=(Turn(speaker="supporter", text="Hello"),))
    answer = call(program, history=bare)
    assert answer.history.taxonomy == esconv
    assert answer.history.dialogue[0].strategy in esconv.strategies


def test_an_answer_can_be_appended_to_its_history(llm_server: LLMServer) -> None:
    case = Case("support-agent", "zh", "copc")
    program = case.program()
    history = Conversation.model_validate({"dialogue": spoken(case, *"SC")})
    for length in (2, 4, 6):
        answer = call(program, history=history)
        assert len(answer.history.dialogue) == length
        turns = [*answer.history.dialogue, answer.turn(), Turn(speaker="customer", text="好的")]
        history = answer.history.with_turns(turns)
    # One label was to be found, once.
    assert len(llm_server.requests) == 1 + 3 * 3


def test_the_labeller_answers_badly_too(llm_server: LLMServer) -> None:
    case = Case("strategy-predictor", "en", "copc")
    llm_server.script(Behaviour(text="?"), Behaviour(text="GT"))
    answer = call(case.program(), history=spoken(case, *"SC"))
    assert labels(answer.history) == ["greeting"]
    assert (answer.usage.calls, answer.usage.repairs) == (3, 1)
