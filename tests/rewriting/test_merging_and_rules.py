"""One turn of several, and the thresholds by which CSConv was chosen."""

from __future__ import annotations

from typing import Any

import pytest

from csc_dspy.conversations import Conversation
from csc_dspy.rewriting import Rules, Transcript, apply_rules, merge_turns
from csc_dspy.rewriting.rules import REASONS
from tests.rewriting.transcripts import said, spoken


def test_consecutive_turns_of_a_speaker_become_one() -> None:
    before = spoken("s: 您好", "s: 请讲 ", "c: 我的号码是138", "c: 00138000", "s: 好", "c: 嗯")
    after = merge_turns(before)
    assert said(after) == [("s", "您好 请讲"), ("c", "我的号码是138 00138000"), ("s", "好"), ("c", "嗯")]
    assert merge_turns(after) is after
    assert merge_turns(Conversation(dialogue=())).dialogue == ()


def exchanges(count: int, customer: str = "I have a question", supporter: str = "Yes?") -> Conversation:
    return spoken(*[f"s: {supporter}", f"c: {customer}"] * count)


def reasons(conversation: Conversation | Transcript, **thresholds: Any) -> list[str]:  # noqa: ANN401  of `Rules`
    return [each.rule for each in apply_rules(conversation, Rules(**thresholds))]


@pytest.mark.parametrize(
    ("count", "expected"), [(2, ["few_exchanges"]), (3, []), (30, []), (31, ["many_exchanges"])]
)
def test_exchanges(count: int, expected: list[str]) -> None:
    assert reasons(exchanges(count)) == expected
    assert reasons(exchanges(count), fewest_exchanges=count, most_exchanges=count) == []


def test_exchanges_are_counted_alike_before_merging() -> None:
    twice = [turn for turn in exchanges(3).dialogue for _ in range(2)]
    assert reasons(Conversation(dialogue=tuple(twice))) == []
    assert "few_exchanges" in reasons(
        spoken("s: Yes?", "s: Hello?", "s: So?", "c: I have one", "c: a question")
    )


@pytest.mark.parametrize("text", ["字", "w"])
def test_long_utterances(text: str) -> None:
    assert reasons(exchanges(3, supporter=text * 500)) == []
    assert reasons(exchanges(3, supporter=text * 501)) == ["long_utterance"]
    assert reasons(exchanges(3, supporter=text * 501), longest_utterance=501) == []


def test_the_customer_must_take_more_than_half_as_many_turns() -> None:
    turns = [
        "s: one",
        "s: two",
        "c: I see it",
        "s: one",
        "s: two",
        "c: I see it",
        "s: one",
        "s: two",
        "c: I see it",
    ]
    assert reasons(spoken(*turns)) == ["silent_customer"]
    assert reasons(spoken(*turns, "c: once more")) == []
    assert reasons(spoken(*turns), customer_share=0.4) == []


@pytest.mark.parametrize(("long", "expected"), [(6, ["short_answers"]), (7, []), (10, [])])
def test_most_turns_of_the_customer_say_something(long: int, expected: list[str]) -> None:
    turns = [turn for n in range(10) for turn in ("s: 请问", "c: 我要退货" if n < long else "c: 好的呀")]
    assert reasons(spoken(*turns)) == expected
    assert reasons(spoken(*turns), long_share=0.5) == []
    assert reasons(spoken(*turns), short_turn=2) == []


def test_what_could_not_be_read() -> None:
    assert reasons(Transcript(exchanges(3), lines=10, unread=1)) == []
    assert reasons(Transcript(exchanges(3), lines=10, unread=2)) == ["unread_lines"]
    assert reasons(Transcript(exchanges(3), lines=10, unread=2), unread_share=0.2) == []


def test_without_rules_only_a_dialogue_is_asked_for() -> None:
    assert apply_rules(exchanges(1), None) == ()
    (alone,) = apply_rules(spoken("s: Hello?", "s: Anyone?"), None)
    assert (alone.rule, alone.detail) == ("one_speaker", "only the supporter speaks")
    assert [each.rule for each in apply_rules(Conversation(dialogue=()), None)] == ["empty"]
    assert [each.rule for each in apply_rules(Transcript(exchanges(1), cut=True), None)] == ["too_long"]


def test_every_rule_that_is_broken_is_told() -> None:
    broken = apply_rules(spoken("s: " + "x" * 600, "c: ok"))
    assert [each.rule for each in broken] == ["few_exchanges", "long_utterance", "short_answers"]
    assert broken[1].detail == "600 characters, at most 500 are wanted"
    assert {each.rule for each in broken} <= REASONS.keys()
