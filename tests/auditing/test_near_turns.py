"""Turns that say nearly the same, and what their labels say."""

from __future__ import annotations

from csc_dspy.auditing import audit
from csc_dspy.auditing.near_turns import NearTurns
from tests.auditing.changed_labels import talk

SAME = "Your refund of [AMOUNT] will be in your account within three working days."


def pairs(*texts: str) -> set[tuple[int, int]]:
    near = NearTurns()
    for text in texts:
        conversation = talk("a", ("ID", text))
        near.add(conversation, conversation.dialogue[0])
    found = [*near.pairs()]
    assert len(found) == len(set(found))
    return set(found)


def test_small_changes_make_near_duplicates() -> None:
    assert pairs(
        SAME,
        "Which card was it that you used on the third?",
        SAME.replace("[AMOUNT]", "[SUM]").upper(),
        SAME.replace("three", "four"),
    ) == {(0, 2), (0, 3), (2, 3)}
    assert pairs("系统显示退款会在三个工作日内到账。", "系统显示退款会在三个工作日之内到账。") == {(0, 1)}


def test_short_and_different_turns_are_not_near() -> None:
    assert pairs("好的。", "好的。", "OK.", "OK.") == set()
    assert pairs(SAME, "Your refund was refused, and nobody told me why.") == set()


def test_a_crowd_of_equal_turns_costs_little() -> None:
    found = pairs(*[SAME] * 200)
    assert 200 <= len(found) <= 200 * 8


def test_turns_that_say_the_same_outvote_a_label() -> None:
    conversations = [
        talk(
            f"d{number}",
            ("GT", "Good morning, how can I help you?"),
            ("", f"Where is my money, number {number}?"),
            ("RP" if number == 3 else "ID", SAME),
            ("", "Fine."),
            ("AC", "Goodbye, take care."),
        )
        for number in range(8)
    ]
    first = audit(conversations, top=1).suspects[0]
    assert (first.dialogue, first.turn) == ("d3", 2)
    assert first.strategy.likely.id == "information_delivery"
    [near] = [each for each in first.evidence if each.kind == "near_duplicate"]
    assert near.says == "7 of 7 turns that say nearly the same are labelled Information Delivery"
    assert near.says in first.why
