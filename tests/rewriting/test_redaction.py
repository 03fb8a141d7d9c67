"""What stands in place of personal data, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.redaction import blotted, masked
from csc_dspy.redaction.checksums import iban, luhn, resident_identity, social_security
from csc_dspy.rewriting import Redaction, personal_data, redact, restore
from tests.rewriting.transcripts import said, spoken


def texts(*turns: str, orders: bool = False) -> list[str]:
    return [text for _, text in said(redact(spoken(*turns), Redaction(orders=orders)).conversation)]


def test_the_same_has_the_same_placeholder_however_it_is_spelled() -> None:
    turns = (
        "c: 我的号码138-0013-8000",
        "s: 一三八零零一三八零零零对吗",
        "c: 对，+86 13800138000，另一个13900139000",
    )
    assert texts(*turns) == ["我的号码[电话1]", "[电话1]对吗", "对，[电话1]，另一个[电话2]"]
    english = ("c: it's 415-555-2671", "s: (415) 555-2671?", "c: yes, or 212-664-7665")
    assert texts(*english) == ["it's [PHONE_1]", "[PHONE_1]?", "yes, or [PHONE_2]"]


def test_a_name_given_once_is_found_in_all_turns() -> None:
    assert texts("s: 王小明您好", "c: 我叫王小明。", "s: 好的，王小明") == [
        "[姓名1]您好",
        "我叫[姓名1]。",
        "好的，[姓名1]",
    ]
    english = ("s: So, Jasper, tell me", "c: My name is Jasper Quill", "s: Quill, as in feather?")
    assert texts(*english) == ["So, [NAME_1], tell me", "My name is [NAME_2]", "[NAME_3], as in feather?"]


def test_placeholders_that_are_there_stay_and_are_not_given_again() -> None:
    turns = ("s: 手机[手机号码]，[电话1]", "c: 不是，13800138000", "s: [工号]为您服务")
    assert texts(*turns) == ["手机[手机号码]，[电话1]", "不是，[电话2]", "[工号]为您服务"]


def test_numbers_of_orders_stay_unless_asked_for() -> None:
    turns = ("c: 订单号202405011234567", "c: order number 4155552671")
    assert texts(*turns) == ["订单号202405011234567", "order number 4155552671"]
    assert texts(*turns, orders=True) == ["订单号[订单号1]", "order number [订单号2]"]


def test_text_without_anything_personal_is_the_same() -> None:
    conversation = spoken("s: 您好，请讲", "c: 价格13800元，2024-05-01买的")
    assert redact(conversation).conversation is conversation
    assert redact(conversation).replaced == ()


DICTATED = [
    (["s: 请报一下手机号", "c: 138", "s: 嗯", "c: 0013", "s: 0013，好", "c: 8000"], "电话"),
    (["s: 您的电话？", "c: 一三八", "s: 好", "c: 零零一三", "s: 嗯", "c: 八零零零"], "电话"),
    (["s: 身份证呢", "c: 110105", "s: 好的", "c: 19491231", "s: 嗯嗯", "c: 002X"], "证件号"),
    (["s: 卡号是多少", "c: 4111 1111", "s: 嗯", "c: 1111 1111"], "卡号"),
    (
        [
            "s: your phone?",
            "c: four one five",
            "s: ok",
            "c: five five five",
            "s: yes",
            "c: two six seven one",
        ],
        "PHONE",
    ),
    (["s: the number?", "c: 415", "s: 415, ok", "c: 555", "s: ok", "c: it is 2671"], "PHONE"),
]


@pytest.mark.parametrize(("turns", "kind"), DICTATED, ids=[turns[0] for turns, _ in DICTATED])
def test_numbers_dictated_over_several_turns(turns: list[str], kind: str) -> None:
    conversation = spoken(*turns)
    done = redact(conversation)
    after = " ".join(text for _, text in said(done.conversation))
    assert not any(char.isdigit() for char in after.replace(f"{kind}1", "").replace(f"{kind}_1", ""))
    assert after.count(f"[{kind}") >= 2
    assert f"{kind}2" not in after
    assert restore(done.conversation, done.replaced) == conversation


@pytest.mark.parametrize(
    "turns",
    [
        [
            "s: What is your number?",
            "c: It is 415-555-2003, have a look.",
            "s: Thanks. When?",
            "c: At 3:30 PM.",
        ],
        ["s: 您的手机号码是多少？", "c: 13800138000", "s: 好，几点方便？", "c: 15点30"],
    ],
)
def test_digits_after_a_whole_number_are_not_a_part_of_it(turns: list[str]) -> None:
    before, after = said(spoken(*turns)), said(redact(spoken(*turns)).conversation)
    assert [place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]] == [1]


@pytest.mark.parametrize(
    "turns",
    [
        ["s: 几点到的？", "c: 15点", "s: 哪天？", "c: 2024年", "s: 多少钱", "c: 1380元"],
        ["s: how many?", "c: two or three", "s: and?", "c: one", "s: ok", "c: four one"],
        ["s: the order number?", "c: 415", "s: ok", "c: 555", "s: ok", "c: 2671"],
    ],
)
def test_other_numbers_over_several_turns_stay(turns: list[str]) -> None:
    conversation = spoken(*turns)
    assert redact(conversation).conversation is conversation


PERSONAL = st.sampled_from(
    [
        *("13800138000", "一三八零零一三八零零零", "a.b@example.com", "我叫王小明。", "My name is Ann Lee."),
        *("415-555-2671", "住北京市朝阳区建国路88号", "11010519491231002X", "[电话1]", "[PHONE_1]"),
        *("您好", "hello there", " ", "，"),
    ]
)


@given(st.lists(st.lists(PERSONAL, min_size=1, max_size=6).map("".join), min_size=1, max_size=5))
def test_everything_can_be_put_back(parts: list[str]) -> None:
    conversation = spoken(*(f"{'sc'[n % 2]}: {part}x" for n, part in enumerate(parts)))
    done = redact(conversation)
    assert restore(done.conversation, done.replaced) == conversation
    assert sum(done.counts.values()) == len(done.replaced)


@given(st.text(max_size=80))
def test_spans_are_in_order_and_in_the_text(text: str) -> None:
    spans = personal_data(text)
    places = [place for span in spans for place in (span.start, span.end)]
    assert places == sorted(places)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


def test_blots_show_that_something_was_there_but_not_what() -> None:
    (turn,) = blotted(spoken("c: 打13800138000找王先生")).dialogue
    assert turn.text == "打▇▇▇▇▇▇▇▇▇▇▇找▇先生"
    split = spoken("c: 住北京市朝阳区", "c: 建国路八十八号")
    assert "朝阳" not in blotted(split, known=["北京市朝阳区", "建国路八十八号"]).dialogue[0].text
    assert masked("mail a.b@example.com now") == "mail ▇▇▇▇▇▇▇▇▇▇▇▇ now"


def by_hand_luhn(digits: str) -> bool:
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(sum(map(int, str(2 * int(digit)))) for digit in digits[-2::-2])) % 10 == 0


@given(st.from_regex(r"[1-9]\d{12,18}", fullmatch=True))
def test_checksums_of_cards(digits: str) -> None:
    assert luhn(digits) == by_hand_luhn(digits)


def test_checksums_of_identity_numbers() -> None:
    # The example of the standard GB 11643.
    assert resident_identity("11010519491231002X")
    assert not resident_identity("110105194912310021")
    assert not resident_identity("11010519491331002X")
    assert social_security("078051120")
    assert not any(map(social_security, ("000121234", "666121234", "900121234", "123001234", "123120000")))


def test_checksums_of_account_numbers() -> None:
    # The examples of the registry of the standard ISO 13616.
    assert all(map(iban, ("GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000")))
    assert not iban("GB29 NWBK 6016 1331 9268 18")


def test_only_the_right_checksum_makes_a_bare_number_personal() -> None:
    assert texts("c: 11010519491231002X", "c: 110105194912310021") == ["[ID_1]", "110105194912310021"]
    assert texts("c: 4111111111111111", "c: 4111111111111112") == ["[CARD_1]", "4111111111111112"]
    assert texts("c: 身份证110105194912310021", "c: my card is 4111111111111112") == [
        "身份证[证件号1]",
        "my card is [卡号1]",
    ]


@pytest.mark.parametrize("size", [2_000, 4_000])
@pytest.mark.parametrize(
    "piece", ["1", "1 ", "号路", "one ", "Word ", "a.", "王先生", "北京市大", "my name is "]
)
def test_long_texts_are_gone_through(piece: str, size: int) -> None:
    text = (piece * size)[:size]
    assert all(span.end <= size for span in personal_data(text))
