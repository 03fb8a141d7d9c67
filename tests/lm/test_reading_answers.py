"""Answers are read as people read them; what points at no label, or at two, is refused."""

from __future__ import annotations

from typing import Any, Literal

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.exceptions import AnswerError
from csc_dspy.lm.adapter import Adapter
from csc_dspy.lm.parsing import read_answer
from csc_dspy.signatures import predict_strategy, support_turn, write_response
from csc_dspy.taxonomy import Language, Strategy, load_taxonomy

COPC = load_taxonomy("copc")
ESCONV = load_taxonomy("esconv")
ENGLISH = predict_strategy(COPC, "en")
CHINESE = predict_strategy(COPC, "zh")


def marked(**fields: str) -> str:
    body = "".join(f"[[ ## {name} ## ]]\n{value}\n\n" for name, value in fields.items())
    return body + "[[ ## completed ## ]]\n"


SPELLINGS = [
    "Emotional Management",
    "emotional management.",
    "**Emotional Management**",
    "`EMOTIONAL_MANAGEMENT`",
    "5",
    "5. Emotional Management",
    "Strategy 5: Emotional Management (EM)",
    "EM",
    "情感管理",
    "策略5 情感管理",
    "“情感管理”。",
    "Emotional Management\nThe customer is upset, so this comes first.",
    "I would choose Emotional Management here, because within 3 days nothing happened.",
    "应当先做情感管理，因为客户很着急。",
]


@pytest.mark.parametrize("answer", SPELLINGS)
def test_any_spelling_in_either_language(answer: str) -> None:
    assert read_answer(ENGLISH, marked(strategy=answer)) == {"strategy": "Emotional Management"}
    assert read_answer(CHINESE, marked(strategy=answer)) == {"strategy": "情感管理"}


@pytest.mark.parametrize("answer", SPELLINGS)
def test_a_single_field_needs_no_marker(answer: str) -> None:
    assert read_answer(CHINESE, answer) == {"strategy": "情感管理"}


def test_another_taxonomy() -> None:
    assert read_answer(predict_strategy(ESCONV, "zh"), "Self-disclosure") == {"strategy": "自我表露"}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (marked(strategy="I cannot say"), "names no label"),
        (marked(strategy="Emotional Management or Providing Suggestions"), "names more than one label"),
        (marked(strategy="策略6+策略7"), "names no label|names more than one"),
        (marked(strategy=""), "the field 'strategy' is empty"),
        (marked(reason="x"), "the field 'strategy' is missing"),
    ],
)
def test_what_cannot_be_read_says_why(answer: str, problem: str) -> None:
    with pytest.raises(AnswerError, match=problem):
        read_answer(ENGLISH, answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Sure! Here it is.\n\n" + marked(stage="Identifying", strategy="PR", response="When?"),
        "[[ ## stage ## ]] Identifying\n[[ ## strategy ## ]] 4\n[[ ## response ## ]] When?",
        "**[[ ## Stage ## ]]**\n2\n**[[ ## Strategy ## ]]**\n细化问题\n> [[##response##]]\nWhen?\n",
        marked(response="When?", strategy="Problem Refinement", stage="Identifying"),
        marked(stage="Identifying", strategy="PR", response="When?") + marked(response="Never mind"),
    ],
)
def test_markers_in_any_dress(answer: str) -> None:
    expected = {"stage": "Identifying", "strategy": "Problem Refinement", "response": "When?"}
    assert read_answer(support_turn(COPC, "en"), answer) == expected


def test_text_keeps_its_lines_and_brackets() -> None:
    text = "请报一下[手机号码]后四位。\n谢谢[[客户]]！"
    assert read_answer(write_response(COPC, "zh"), marked(response=text)) == {"response": text}


def test_signatures_of_others_are_read_too() -> None:
    signature = dspy.Signature(
        "q -> mood: Literal['Good', 'Bad'], sure: bool, score: float, names: list[str]"
    )
    answer = marked(mood="'good'.", sure="True", score="0.5", names='["a", "b"]')
    assert read_answer(signature, answer) == {"mood": "Good", "sure": True, "score": 0.5, "names": ["a", "b"]}
    with pytest.raises(AnswerError, match="'mood' is none of: Good, Bad"):
        read_answer(signature, marked(mood="so-so", sure="True", score="1", names="[]"))
    with pytest.raises(AnswerError, match="'score' is not a"):
        read_answer(signature, marked(mood="Bad", sure="True", score="high", names="[]"))


class WithDefault(dspy.Signature):
    """Answer."""

    question: str = dspy.InputField()
    answer: str = dspy.OutputField()
    tone: Literal["calm", "loud"] = dspy.OutputField(default="calm")


def test_a_field_with_a_default_may_be_missing() -> None:
    assert read_answer(WithDefault, marked(answer="yes")) == {"answer": "yes", "tone": "calm"}


@given(st.text(max_size=300))
def test_nothing_but_an_answer_error_is_ever_raised(answer: str) -> None:
    try:
        values: dict[str, Any] = read_answer(support_turn(COPC, "zh"), answer)
    except AnswerError:
        return
    assert set(values) == {"stage", "strategy", "response"}


@given(st.sampled_from(["en", "zh"]), st.sampled_from(COPC.strategies), st.data())
def test_what_chat_adapter_writes_is_read_back(
    language: Language, strategy: Strategy, data: st.DataObject
) -> None:
    signature = support_turn(COPC, language)
    spoken = data.draw(
        st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=50)
    )
    outputs = {
        "stage": COPC.stages[0].name[language],
        "strategy": strategy.name[language],
        "response": spoken,
    }
    written = Adapter().format_assistant_message_content(signature, outputs)
    assert read_answer(signature, written) == outputs
