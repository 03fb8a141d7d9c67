"""Every cheap check finds its faults in both languages, and leaves good dialogues alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import csc_dspy as csc
from csc_dspy.conversations import Conversation, Turn
from csc_dspy.roleplay._base import Flaw, Played
from csc_dspy.roleplay.quality import REASONS, REFERENCE, Limits, flaws, flaws_of
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.roleplay.played import COPC, good, played, turn_of, with_text

Spoil = Callable[[Played], Played]
in_both = pytest.mark.parametrize("language", ["zh", "en"])


def reasons(one: Played, limits: Limits | None = None) -> set[str]:
    return {flaw.reason for flaw in (flaws(one, COPC, limits) if limits else flaws(one, COPC))}


def relabelled(one: Played, **strategies: str) -> Played:
    """The same with other strategies, by the number of the turn."""
    turns = [
        turn.model_copy(update={"strategy": COPC.strategy(strategies[f"t{number}"])})
        if f"t{number}" in strategies
        else turn
        for number, turn in enumerate(one.turns, 1)
    ]
    return replace(one, turns=tuple(turns))


@in_both
def test_a_good_dialogue_has_no_flaw(language: Language) -> None:
    assert flaws(good(language), COPC) == []


def test_of_the_good_dialogues_of_the_samples_at_most_one_in_fifty_is_rejected() -> None:
    known = [*csc.read("rolecs-sample"), *csc.read("csconv-sample", split="dev")]
    rejected = [each.id for each in known if flaws_of(each, REFERENCE)]
    assert len(known) == 110
    assert len(rejected) <= len(known) * 0.02, rejected


SAID: dict[str, tuple[str, str, str]] = {
    # reason: (in Chinese, in English, a speaker)
    "language": ("I would like to cancel my order today please.", "我想今天取消这个订单可以吗。", "customer"),
    "leaked_prompt": (
        "作为一个人工智能语言模型，我不能这样做。",
        "As an AI language model I cannot do that.",
        "supporter",
    ),
    "personal_data": ("我的手机号是13812345678。", "You can reach me on 415-555-2671.", "customer"),
    "stage_direction": (
        "（叹气）那算了吧，我再等等看。",
        "(sighs) Fine, I will wait a little then.",
        "customer",
    ),
    "leaked_label": (
        "【情感管理】您的心情我完全理解。",
        "[Emotional Management] I do understand how you feel.",
        "supporter",
    ),
    "long_turn": ("那" * 501, "so " * 167 + "on.", "customer"),
}


@pytest.mark.parametrize("reason", SAID)
@in_both
def test_what_is_said_in_one_turn(language: Language, reason: str) -> None:
    zh, en, speaker = SAID[reason]
    one = good(language)
    number = turn_of(one, "supporter" if speaker == "supporter" else "customer")
    found = flaws(with_text(one, number, zh if language == "zh" else en), COPC)
    assert [(each.reason, each.turn) for each in found] == [(reason, number)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("策略5：您别急，我马上看。", "leaked_label"),
        ("我接下来采用情感管理策略来安抚您。", "leaked_label"),
        ("【阶段2】请问是什么时候的事？", "leaked_label"),
        ("我用“提供建议”策略。", "leaked_label"),
        ("Let me use the Problem Refinement strategy.", "leaked_label"),
        ("我只是一个人工智能，没有银行卡。", "leaked_prompt"),
        ("I'm an AI, so I have no card.", "leaked_prompt"),
        ("over: false", "leaked_prompt"),
        ("(Greeting) Hello there.", "leaked_label"),
        ("Information Delivery: the fee is 5 %.", "leaked_label"),
        ("My next strategy 7 is to explain.", "leaked_label"),
        ("(Exploring) Let me see.", "leaked_label"),
        ("理解和识别问题：您说的是哪一笔？", "leaked_label"),
        ("I go on with information_delivery now.", "leaked_label"),
        ('{"response": "好的", "end": false}', "leaked_prompt"),
        ("[[ ## response ## ]] Sure.", "leaked_prompt"),
        ("客户：那我再看看。", "leaked_prompt"),
        ("Supporter: Let me check.", "leaked_prompt"),
        ("Here is the next line: let me check.", "leaked_prompt"),
        ("以下是客服的回复：您好。", "leaked_prompt"),
        ("My customer_goal is a refund.", "leaked_prompt"),
        ("<think>hm</think> Let me check.", "leaked_prompt"),
        ("*laughs* You must be joking.", "stage_direction"),
        ("【沉默】", "stage_direction"),
        ("好吧（不耐烦地）。", "stage_direction"),
    ],
)
def test_what_belongs_to_the_machinery(text: str, reason: str) -> None:
    language: Language = "zh" if any(ord(char) > 0x3000 for char in text) else "en"
    one = good(language)
    found = {each.reason for each in flaws(with_text(one, turn_of(one, "customer"), text), COPC)}
    assert reason in found


@pytest.mark.parametrize(
    "text",
    [
        "您的反馈请求我已经提交了，后台会做身份验证。",
        "我用的是iPhone 15 Pro Max，App Store里下的微信。",
        "我的姓名是[姓名]，手机号[手机号码]。",
        "你们的投资策略我看不懂，采用保守一点的策略行不行？",
        "第一阶段的款付了，阶段二的还没付。",
        "我在你们平台用的语言模型接口一直报错，提示词也没改过。",
        "您可以打400-820-8820，或者95588。",
        "费用（其它）那一栏是什么？",
        "这张单子编号是A-2，还有2023年的。",
        "Your suggestions were fine; the information was delivered late.",
        "It's [NAME], [LAST FOUR DIGITS] (the blue card).",
        "I paid with 支付宝 last week.",
        "We are at stage 2 of the delivery, I was told.",
        "The language model in your app is slow today.",
        "I called 1-800-555-0199 and got nowhere.",
        "What are the fees (others) on my bill?",
        "My suggestions [Greeting card, Others] are on the form.",
        "The plan costs 39.99 a month, 24 months: too much.",
        "Her smile says it all, she laughed about the (very old) phone.",
    ],
)
def test_what_people_may_say(text: str) -> None:
    language: Language = "zh" if text[0] > "\u3000" else "en"
    one = good(language)
    assert flaws(with_text(one, turn_of(one, "customer"), text), COPC) == []


@pytest.mark.parametrize(
    ("zh", "en", "kind"),
    [
        ("我身份证号是11010519491231002X。", "My social security number is 123-45-6789.", "identity"),
        ("卡号是6222021234567890128。", "The card is 4111 1111 1111 1111.", "card"),
        ("邮箱是li.lei@example.com。", "Write to jo.smith@example.com.", "email"),
        ("打一三八零零一三八零零零。", "It's +44 20 7946 0958.", "phone"),
    ],
)
def test_personal_data_is_found_and_not_repeated(zh: str, en: str, kind: str) -> None:
    for language, text in (("zh", zh), ("en", en)):
        one = good("zh" if language == "zh" else "en")
        number = turn_of(one, "customer")
        assert flaws(with_text(one, number, text), COPC) == [
            Flaw("personal_data", f"{kind} in the clear", number)
        ]


@in_both
def test_set_phrases_and_patterns(language: Language) -> None:
    phrase = "请您放心我们一定处理。" if language == "zh" else "Rest assured we will handle it."
    opening = "非常抱歉给您" if language == "zh" else "I completely understand"
    one = good(language)
    numbers = [number for number, turn in enumerate(one.turns, 1) if turn.speaker == "supporter"][1:5]
    often, begun = one, one
    for number in numbers:
        text = one.turns[number - 1].text
        begun = with_text(begun, number, f"{opening}{'' if language == 'zh' else ' '}{text}")
        if number != numbers[-1]:
            often = with_text(often, number, f"{text}{phrase}")
    assert reasons(often) == {"set_phrase"}
    assert reasons(begun) == {"pattern"}
    assert reasons(often, Limits(same_sentence=4)) == reasons(begun, Limits(same_pattern=5)) == set()


def test_who_speaks_when() -> None:
    one = good("en")
    twice = replace(one, turns=(*one.turns[:2], one.turns[1], *one.turns[2:]))
    assert reasons(twice) == {"not_alternating"}
    assert "not_alternating" in reasons(replace(one, turns=one.turns[1:]))
    cut = with_text(one, len(one.turns), "Thank you, and")
    assert reasons(cut) == set()
    assert reasons(with_text(one, len(one.turns), "Thank you,")) == {"no_end"}


def test_too_few_turns_and_too_many() -> None:
    one = good("en")
    short = replace(one, turns=(*one.turns[:3], one.turns[-1]))
    assert "too_short" in reasons(short)
    assert reasons(one, Limits(most_turns=len(one.turns) - 1)) == {"too_long"}
    assert reasons(one, Limits(most_turns=len(one.turns))) == set()


def labelled(*strategies: str, stages: str = "") -> Conversation:
    """Turns of the supporter with these strategies, and a customer between them."""
    turns = []
    for number, strategy in enumerate(strategies):
        stage = {"stage": int(stages[number])} if stages else {}
        turns.append({"speaker": "supporter", "strategy": strategy, "text": f"Now {number}.", **stage})
        turns.append({"speaker": "customer", "text": f"Then {number}?"})
    return Conversation.model_validate({"dialogue": turns})


def found_in(conversation: Conversation) -> set[str]:
    return {flaw.reason for flaw in flaws_of(conversation)}


def test_the_order_of_strategies() -> None:
    assert found_in(labelled("GT", "IV", "PR", "PS", "AC")) == set()
    assert found_in(labelled("PR", "IV", "PR", "PS", "GT", "AC")) == {"opening"}
    assert found_in(labelled("GT", "IV", "PR", "AC", "PS")) == {"closing"}
    assert found_in(labelled("GT", "IV", "PR", "AC", "PS", "ID", "PS", "AC")) == {"closing"}
    assert found_in(labelled("GT", "IV", "PR", "PR", "PR", "AC")) == {"running"}
    assert found_in(labelled("GT", "PR", "PS", "AC")) == {"missing_strategy"}
    assert found_in(labelled("GT", "IV", "PR", "PS", "PR", "AC", stages="112415")) == {"stages"}
    unlabelled = [*labelled("GT", "IV", "PR", "AC").dialogue, Turn(speaker="supporter", text="Bye.")]
    assert "unlabelled" in found_in(Conversation(dialogue=tuple(unlabelled)))


def test_a_customer_who_rings_off_need_not_be_taken_leave_of() -> None:
    cut = labelled("GT", "IV", "PR", "PS", "PR")
    assert found_in(cut) == {"closing", "missing_strategy"}
    assert flaws_of(cut, ended="customer") == flaws_of(cut, ended="length") == []


def test_another_taxonomy_is_held_to_its_own_stages() -> None:
    esconv = load_taxonomy("esconv")

    def talk(*strategies: str) -> Conversation:
        rows = labelled(*["GT"] * len(strategies)).row()["dialogue"]
        for row, strategy in zip(rows[::2], strategies, strict=True):
            row["strategy"] = strategy
        return Conversation.model_validate({"dialogue": rows, "taxonomy": "esconv"}, context=esconv)

    assert found_in(talk("question", "restatement", "information", "providing_suggestions")) == set()
    late = talk("providing_suggestions", "information", "providing_suggestions", "self_disclosure")
    assert found_in(late) == {"opening", "closing"}


def test_every_reason_that_a_check_gives_is_explained() -> None:
    assert {flaw.reason for each in csc.read("csconv-sample") for flaw in flaws_of(each)} <= set(REASONS)
    assert set(SAID) <= set(REASONS)


def test_a_second_dialogue_of_the_same_words_is_played_alike() -> None:
    one = good("zh")
    assert played(one.conversation(COPC)).turns == one.turns
