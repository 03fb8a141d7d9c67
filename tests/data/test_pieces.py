"""What counts when two dialogues are compared, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.conversations import Conversation
from csc_dspy.data.pieces import FEWEST, folded_text, pieces, similarity

WORDS = st.text(alphabet="abcdefgh退款订单请稍等", max_size=60)


def conversation(*texts: str) -> Conversation:
    speakers = ("客服", "客户")
    dialogue = [{"speaker": speakers[place % 2], "text": text} for place, text in enumerate(texts)]
    return Conversation.model_validate({"dialogue": dialogue})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("您好，请问有什么可以帮您？",), ("您好 请问有什么可以帮您!",)),
        (("ＡＴＭ吞卡了",), ("atm吞卡了",)),
        (("Good morning, you're through.",), ("good morning you’re through",)),
        (("我的号码是[手机号码]。",), ("我的号码是［电话］",)),
        (("It's [NAME], hello",), ("It's [CUSTOMER NAME] hello!",)),
        (("订单【订单编号】",), ("订单[订单号]",)),
        (("您好", "喂", "在的"), ("您好喂在的",)),
        (("re_fund",), ("re fund",)),
    ],
)
def test_spelling_and_placeholders_make_no_difference(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert folded_text(conversation(*one)) == folded_text(conversation(*other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("退款三百元", "退款五百元"),
        ("order 7", "order 8"),
        ("his card", "her card"),
        ("I am [really sorry", "I am [honestly sorry"),
    ],
)
def test_words_and_numbers_make_a_difference(one: str, other: str) -> None:
    assert folded_text(conversation(one)) != folded_text(conversation(other))


def test_a_bracket_left_open_does_not_reach_into_other_turns() -> None:
    kept = folded_text(conversation("see [1", "what about the refund", "it is under 2] here"))
    assert kept == "see1whatabouttherefunditisunder2here"


@given(WORDS)
def test_every_piece_counts_once(text: str) -> None:
    assert len(pieces(text)) == len({text[place : place + 5] for place in range(len(text) - 4)})


@given(WORDS, WORDS)
def test_similarity_is_the_share_of_the_smaller(one: str, other: str) -> None:
    one, other = (text + "".join(map(chr, range(0x4E00, 0x4E00 + FEWEST + 4))) for text in (one, other))
    sets = [{text[place : place + 5] for place in range(len(text) - 4)} for text in (one, other)]
    expected = len(sets[0] & sets[1]) / min(map(len, sets))
    assert similarity(pieces(one), pieces(other)) == pytest.approx(expected)
    assert similarity(pieces(other), pieces(one)) == similarity(pieces(one), pieces(other))


def test_what_is_too_small_is_like_nothing() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + FEWEST + 4)))
    assert similarity(pieces(text), pieces(text)) == 1
    assert similarity(pieces(text[1:]), pieces(text)) == 0
    assert similarity(pieces(text), pieces("")) == 0
