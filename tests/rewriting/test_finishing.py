"""The rules for what comes out, by themselves."""

from __future__ import annotations

import asyncio

import pytest

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.exceptions import LabelError
from csc_dspy.rewriting import Dropped, Finish, Transcript, apply_finish
from csc_dspy.rewriting.finishing import Finishing
from csc_dspy.taxonomy import load_taxonomy

COPC, ESCONV = load_taxonomy("copc"), load_taxonomy("esconv")


def labelled(*numbers: int | None, taxonomy: str = "copc") -> Conversation:
    """A supporter turn by each strategy, a customer's turn behind each."""
    standard = load_taxonomy(taxonomy)
    turns: list[Turn] = []
    for number in numbers:
        strategy = standard.strategy(number) if number else None
        turns += [Turn(speaker="supporter", text="x", strategy=strategy), Turn(speaker="customer", text="y")]
    return Conversation(dialogue=tuple(turns), taxonomy=standard)


def rules(conversation: Conversation, finish: Finish | None = None) -> list[str]:
    return [each.rule for each in apply_finish(conversation, finish or Finish())]


def test_the_thresholds_of_the_paper() -> None:
    assert rules(labelled(1, 2, 3, 4, 11)) == []
    assert rules(labelled(1, 2, 3, 11)) == ["few_utterances"]
    assert rules(labelled(1, 2, *[7] * 22, 11)) == []
    assert rules(labelled(1, 2, *[7] * 23, 11)) == ["many_utterances"]
    for missing in (1, 2, 11):
        numbers = [7 if number == missing else number for number in (1, 2, 3, 4, 11)]
        assert rules(labelled(*numbers)) == ["missing_strategy"]


def test_each_turn_has_a_strategy_and_another_speaker() -> None:
    assert rules(labelled(1, 2, None, 4, 11)) == ["no_strategy"]
    whole = labelled(1, 2, 3, 4, 11, 12)
    twice = whole.with_turns([*whole.dialogue[:1], *whole.dialogue])
    assert rules(twice) == ["not_alternating"]
    (broken,) = apply_finish(twice)
    assert broken.detail == "1 turns are by the speaker of the turn before"


def test_other_taxonomies_have_the_general_rules_alone() -> None:
    assert rules(labelled(*[1] * 5, taxonomy="esconv")) == []
    assert rules(labelled(*[1] * 4, taxonomy="esconv")) == ["few_utterances"]
    asked = Finish(required_strategies=("Question", "Others"))
    assert rules(labelled(*[1] * 5, taxonomy="esconv"), asked) == ["missing_strategy"]
    with pytest.raises(LabelError):
        Finish(required_strategies=("Greeting",)).required(ESCONV)
    assert [each.number for each in Finish().required(COPC)] == [1, 2, 11]


def test_as_a_step() -> None:
    talk = labelled(1, 2, 3, 4, 11)
    end = Turn(speaker="supporter", text="（通话结束）", strategy=COPC.strategy(12))
    taken = asyncio.run(Finishing().take(Transcript(talk.with_turns([*talk.dialogue, end]))))
    assert isinstance(taken, Transcript)
    assert taken.conversation.dialogue == talk.dialogue
    dropped = asyncio.run(Finishing().take(Transcript(labelled(3, 2, 11))))
    assert isinstance(dropped, Dropped)
    assert (dropped.step, dropped.reason) == ("finish", "few_utterances")
    assert dropped.detail == "6, at least 10 are wanted; there is no greeting"
