"""Histories as a service has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.conversations import Conversation, Turn, render_turn
from csc_dspy.programs import Situation
from csc_dspy.programs.history import as_conversation, estimated_tokens
from csc_dspy.taxonomy import load_taxonomy

COPC = load_taxonomy("copc")
ESCONV = load_taxonomy("esconv")

ROWS = [
    {"speaker": "客服", "strategy": "GT", "text": "您好，请讲。"},
    {"speaker": "客户", "text": "我的卡被吞了！"},
    {"speaker": "客户", "text": "喂？"},
    {"speaker": "客服", "strategy": "EM", "text": "您别着急。"},
    {"speaker": "客服", "strategy": "PR", "text": "是哪台机器？"},
    {"speaker": "客户", "text": "村口那台。"},
]
TALK = Conversation.model_validate({"dialogue": ROWS})


def test_rows_turns_and_conversations_are_histories() -> None:
    assert as_conversation(ROWS, COPC) == as_conversation(TALK.dialogue, COPC) == as_conversation(TALK, COPC)


def test_an_empty_history_stands_at_the_beginning() -> None:
    situation = Situation(as_conversation((), ESCONV), "en")
    assert situation.rendered() == ""
    assert situation.stage == ESCONV.stages[0]
    assert situation.strategies == ()


def test_where_a_talk_stands() -> None:
    situation = Situation(TALK, "zh")
    assert situation.stage.id == "identifying"
    assert [strategy and strategy.abbreviation for strategy in situation.strategies] == ["GT", "EM", "PR"]


def test_turns_of_one_speaker_in_a_row_stay_turns() -> None:
    assert Situation(TALK, "zh").rendered().splitlines()[1:3] == ["客户：我的卡被吞了！", "客户：喂？"]


def test_what_does_not_fit_is_summed_up_by_its_strategies() -> None:
    summary, *kept = Situation(TALK, "zh", tokens=25).rendered().splitlines()
    assert summary == "（更早的4轮略去；其间客服依次采用的策略：礼貌问候 → 情感管理）"
    assert kept == ["客服【细化问题】：是哪台机器？", "客户：村口那台。"]
    summary = Situation(TALK, "en", tokens=30).rendered().splitlines()[0]
    assert summary.startswith("(4 earlier turns left out; ")
    assert summary.endswith("strategies in them: Greeting → Emotional Management)")


def test_the_last_turn_stays_whole_however_long() -> None:
    long = Conversation(dialogue=(*TALK.dialogue, Turn(speaker="customer", text="哎" * 5000)))
    lines = Situation(long, "zh", tokens=10).rendered().splitlines()
    assert lines[1:] == ["客户：" + "哎" * 5000]
    assert lines[0].startswith("（更早的6轮略去")


def test_unlabelled_turns_are_said_to_be_so() -> None:
    bare = TALK.with_turns([turn.model_copy(update={"strategy": None}) for turn in TALK.dialogue])
    assert "无标注" in Situation(bare, "zh", tokens=5).rendered()


spoken = st.builds(
    Turn,
    speaker=st.sampled_from(["customer", "supporter"]),
    text=st.text("好ab \n", min_size=1).filter(str.strip),
)


@given(st.lists(spoken, max_size=12), st.integers(0, 80))
def test_turns_are_kept_whole_and_within_the_limit(turns: list[Turn], limit: int) -> None:
    conversation = Conversation(dialogue=tuple(turns))
    lines = Situation(conversation, "en", tokens=limit).rendered().split("\n") if turns else []
    whole = [render_turn(turn, "en") for turn in turns]
    kept = lines[1:] if lines and lines[0].startswith("(") else lines
    assert kept == whole[len(whole) - len(kept) :]
    assert len(kept) <= 1 or sum(estimated_tokens(line) + 1 for line in kept) <= limit


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("您好", 2), ("hello", 2), ("您好ab", 3), ("é" * 4, 2)]
)
def test_estimated_tokens(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens
