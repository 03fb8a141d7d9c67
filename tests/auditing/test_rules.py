"""Each rule, in both languages, on a turn that breaks it and on one that does not."""

from __future__ import annotations

import pytest

from csc_dspy.auditing.rules import places, rules_for
from csc_dspy.conversations import Conversation
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.auditing.changed_labels import talk


def broken(conversation: Conversation) -> dict[int, set[str]]:
    """The rules that each labelled turn breaks."""
    rules = rules_for(conversation.taxonomy)
    return {index: {rule.id for rule in rules if rule.holds(place)} for index, place in places(conversation)}


OPENING: dict[Language, tuple[tuple[str, str], ...]] = {
    "zh": (("GT", "您好，很高兴为您服务。"), ("", "我的话费不对，多扣了钱。")),
    "en": (("GT", "Good morning, how can I help?"), ("", "My bill is wrong, you took too much.")),
}
MIDDLE: dict[Language, tuple[tuple[str, str], ...]] = {
    "zh": (
        *OPENING["zh"],
        ("PR", "是哪个月的？"),
        ("", "上个月。"),
        ("ID", "系统显示有一笔套餐外流量。"),
        ("", "是吗。"),
    ),
    "en": (
        *OPENING["en"],
        ("PR", "Which month is it?"),
        ("", "Last month."),
        ("ID", "The records show data outside the plan."),
        ("", "Really."),
    ),
}


@pytest.mark.parametrize(
    ("rule", "language", "label", "wrong", "right"),
    [
        ("no_personal_data", "zh", "IV", "那天下雨吗？", "请报一下您的身份证后四位。"),
        ("no_personal_data", "en", "IV", "Was it raining that day?", "Your date of birth, please?"),
        ("no_question", "zh", "PR", "流量按天结算。", "是哪一天？"),
        ("no_question", "en", "PR", "Data is billed daily.", "Which day was it?"),
        ("no_feeling", "zh", "EM", "套餐是三十块。", "您别着急，换谁都会生气。"),
        ("no_feeling", "en", "EM", "The plan is thirty pounds.", "I’m so sorry, that must be upsetting."),
        ("no_advice", "zh", "PS", "流量按天结算。", "建议您换个套餐。"),
        ("no_advice", "en", "PS", "Data was billed daily.", "I'd suggest a larger plan."),
        ("nothing_done", "zh", "RI", "是哪一天？", "已经给您退款。"),
        ("nothing_done", "en", "RI", "Which day was it?", "I've sent the refund."),
        ("no_feedback_asked", "zh", "FR", "流量按天结算。", "您看看到账了吗？"),
        ("no_feedback_asked", "en", "FR", "Data was billed daily.", "Does it show up now?"),
        ("no_future", "zh", "RC", "是哪一天？", "有需要随时联系。"),
        ("no_future", "en", "RC", "Which day was it?", "I'll ring on Thursday."),
        ("no_farewell", "zh", "AC", "流量按天结算。", "祝您生活愉快，再见。"),
        ("no_farewell", "en", "AC", "Data was billed daily.", "Goodbye, take care."),
        ("no_greeting", "zh", "GT", "流量按天结算。", "您好。"),
        ("no_greeting", "en", "GT", "Data was billed daily.", "Hello."),
    ],
)
def test_words_of_an_act(rule: str, language: Language, label: str, wrong: str, right: str) -> None:
    last = len(MIDDLE[language])
    assert rule in broken(talk("a", *MIDDLE[language], (label, wrong)))[last]
    assert rule not in broken(talk("a", *MIDDLE[language], (label, right)))[last]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_greeting_in_the_middle(language: Language) -> None:
    hello = OPENING[language][0]
    found = broken(talk("a", *MIDDLE[language], hello))
    assert "late_greeting" in found[len(MIDDLE[language])]
    assert "late_greeting" not in found[0]
    assert "falls_back" in found[len(MIDDLE[language])]


@pytest.mark.parametrize(("language", "bye"), [("zh", "谢谢您，再见。"), ("en", "Thank you, goodbye.")])
def test_farewells_in_their_place(language: Language, bye: str) -> None:
    middle = MIDDLE[language]
    early = broken(talk("a", *OPENING[language], ("AC", bye), *middle[1:]))
    assert "early_closing" in early[2]
    last = len(middle)
    assert "early_closing" not in broken(talk("a", *middle, ("AC", bye)))[last]
    assert "unlabelled_closing" in broken(talk("a", *middle, ("PR", bye)))[last]
    assert "unlabelled_closing" not in broken(talk("a", *middle, ("AC", bye)))[last]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_openings_and_feedback(language: Language) -> None:
    (_, hello), customer = OPENING[language]
    assert "unlabelled_opening" in broken(talk("a", ("ID", hello), customer))[0]
    assert "unlabelled_opening" not in broken(talk("a", ("GT", hello), customer))[0]
    asked = {"zh": "您满意吗？", "en": "How satisfied are you?"}[language]
    assert "early_feedback" in broken(talk("a", ("GT", hello), customer, ("FR", asked)))[2]
    assert "early_feedback" not in broken(talk("a", *MIDDLE[language], ("FR", asked)))[len(MIDDLE[language])]


@pytest.mark.parametrize(
    ("language", "both", "one"),
    [
        ("zh", "建议您换个套餐。再见！", "建议您换个套餐。"),
        ("en", "I'd suggest another plan. Goodbye!", "I'd suggest another plan."),
    ],
)
def test_two_strategies_in_one_turn(language: Language, both: str, one: str) -> None:
    last = len(MIDDLE[language])
    assert "two_strategies" in broken(talk("a", *MIDDLE[language], ("PS", both)))[last]
    assert "two_strategies" not in broken(talk("a", *MIDDLE[language], ("PS", one)))[last]


def test_strategy_and_stage_do_not_go_together() -> None:
    stages = ["connecting", "identifying", "identifying", "maintaining"]
    found = broken(talk("a", *MIDDLE["en"], ("PS", "I'd suggest another plan."), stages=stages))
    assert ["stage_apart" in each for each in found.values()] == [False, False, True, True]


def test_the_end_at_the_beginning() -> None:
    long = [each for number in range(6) for each in (("PR", f"Which of {number}?"), ("", "That one."))]
    found = broken(talk("a", ("RC", "I'll call you back."), ("", "Hm."), *long))
    assert "ahead" in found[0]
    assert "ahead" not in broken(talk("a", *long, ("RC", "I'll call you back.")))[len(long)]


def test_other_taxonomies_get_the_general_rules_only() -> None:
    assert {rule.id for rule in rules_for(load_taxonomy("esconv"))} == {"stage_apart", "falls_back", "ahead"}


def test_rules_hold_for_few_labels_of_the_samples() -> None:
    from csc_dspy.data import read

    turns, noted = 0, dict.fromkeys((rule.id for rule in rules_for(load_taxonomy())), 0)
    for conversation in read("csconv-sample"):
        for rules in broken(conversation).values():
            turns += 1
            for rule in rules:
                noted[rule] += 1
    # Strategy and stage are labelled apart in the samples; nothing else is broken by one turn in 20.
    assert {rule for rule, count in noted.items() if count > turns / 20} <= {"stage_apart"}
