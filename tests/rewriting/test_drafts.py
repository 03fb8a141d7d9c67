"""Rewritings as language models write them, and the notices at their end."""

from __future__ import annotations

import pytest

from csc_dspy.conversations import Conversation
from csc_dspy.rewriting.drafts import DraftError, read_draft
from csc_dspy.rewriting.notices import is_notice, without_notices
from csc_dspy.taxonomy import load_taxonomy
from tests.rewriting.transcripts import said, spoken

COPC, ESCONV = load_taxonomy("copc"), load_taxonomy("esconv")
READ = {
    "as asked for": "Supporter [Greeting]: Hello: hi\nCustomer: Hi",
    "in Chinese": "客服【礼貌问候】：Hello: hi\n客户：Hi",
    "numbered and bold": "1. **Supporter [Greeting]:** Hello: hi\n2. **Customer:** Hi",
    "by other names": "Agent (策略1 礼貌问候): Hello: hi\n用户: Hi",
    "in a fence": "```text\nSupporter [GT]: Hello: hi\n\nCustomer: Hi\n```",
    "label before the text": "Supporter: [Greeting] Hello: hi\nCustomer: Hi",
    "with a colon in the label": "客服【策略1：礼貌问候】：Hello: hi\n客户：Hi",
    "a mood of the customer": "Supporter [1]: Hello: hi\nCustomer (sighs): Hi",
    "a notice": "Supporter [Greeting]: Hello: hi\nCustomer: Hi\n系统：请对本次服务评价\n（通话结束）",
}


@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_a_rewriting_is_read(text: str) -> None:
    turns = read_draft(text, COPC)
    assert said(Conversation(dialogue=turns)) == [("s", "Hello: hi"), ("c", "Hi")]
    assert [turn.strategy and turn.strategy.id for turn in turns] == ["greeting", None]


def test_placeholders_are_no_labels() -> None:
    (turn, _) = read_draft("Customer: [PHONE_1] is mine\nSupporter [Others]: [NAME_1], hello", COPC)
    assert turn.text == "[PHONE_1] is mine"


FLAWS = {
    "": ("it has no turns", "里面没有任何一轮对话"),
    "I cannot do that.": ("line 1 names no speaker", "第1行没有写明说话人"),
    "Manager: hello": (
        "line 1 is said neither by the customer nor by the supporter",
        "第1行的说话人既不是客户也不是客服",
    ),
    "Supporter: hello": (
        "the supporter's line 1 names no strategy in brackets",
        "客服的第1行没有在方括号里写明策略",
    ),
    "Supporter [Greeting, Others]: hello": (
        "what line 1 has in brackets is not exactly one of the strategies",
        "第1行方括号里的内容不是规定策略中的某一个",
    ),
    "Customer:": ("line 1 says nothing", "第1行没有内容"),
    "Customer: a\n\nCustomer: b": (
        "line 3 is by the same speaker as the line before",
        "第3行与上一行是同一个说话人",
    ),
    "系统：请稍候\nCustomer: a": (
        "line 1 is said neither by the customer nor by the supporter",
        "第1行的说话人既不是客户也不是客服",
    ),
}


@pytest.mark.parametrize(("text", "flaw"), FLAWS.items(), ids=[repr(text) for text in FLAWS])
def test_flaws_are_told_in_both_languages(text: str, flaw: tuple[str, str]) -> None:
    with pytest.raises(DraftError) as raised:
        read_draft(text, COPC)
    assert (raised.value.told.en, raised.value.told.zh) == flaw


def test_flaws_are_named_together_but_not_all() -> None:
    with pytest.raises(DraftError) as raised:
        read_draft("nobody\n" * 9, COPC)
    assert str(raised.value) == "; ".join(f"line {n} names no speaker" for n in range(1, 6))


def test_labels_are_those_of_the_taxonomy() -> None:
    assert read_draft("Supporter [Question]: why?", ESCONV)[0].strategy == ESCONV.strategy("Question")
    with pytest.raises(DraftError, match="not exactly one of the strategies"):
        read_draft("Supporter [Greeting]: hello", ESCONV)


@pytest.mark.parametrize(
    "text",
    [
        "（通话结束）",
        "【系统提示：本次会话已自动关闭】",
        "客户已挂断电话。",
        "本次服务已结束",
        "[Call ended]",
        "The customer has hung up.",
        "This chat has now been closed",
        "End of transcript",
    ],
)
def test_notices(text: str) -> None:
    assert is_notice(text)
    talk = spoken("s: 您好", "c: 再见", f"s: {text}", f"c: {text}")
    assert said(without_notices(talk)) == [("s", "您好"), ("c", "再见")]


@pytest.mark.parametrize(
    "text",
    [
        "通话结束后请您评价",
        "The call has ended badly for me",
        "客户已挂断过一次，我再打给他",
        "再见",
        "Closed",
    ],
)
def test_what_people_say_is_no_notice(text: str) -> None:
    assert not is_notice(text)
    talk = spoken("s: 您好", f"c: {text}")
    assert without_notices(talk) is talk
