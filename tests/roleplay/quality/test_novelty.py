"""Whether a dialogue is new: the first stays, whatever comes later and says the same does not."""

from __future__ import annotations

import tracemalloc
from itertools import islice

import csc_dspy as csc
from csc_dspy.conversations import Conversation, Turn
from csc_dspy.data.near_duplicates import NearDuplicates
from csc_dspy.roleplay.quality import Novelty


def sample() -> list[Conversation]:
    return [*csc.read("rolecs-sample")]


def reworded(conversation: Conversation, every: int) -> Conversation:
    """The same with other words in every so many turns."""
    turns = [
        turn.model_copy(update={"text": turn.text[::-1]}) if number % every == 0 else turn
        for number, turn in enumerate(conversation.dialogue)
    ]
    return conversation.with_turns(turns).model_copy(update={"id": f"{conversation.id}-again"})


def test_the_first_stays() -> None:
    with Novelty() as novelty:
        assert [novelty.flaw(each) for each in sample()] == [None] * 80
        for each in sample():
            flaw = novelty.flaw(each)
            assert flaw is not None
            assert (flaw.reason, flaw.detail) == ("near_duplicate", f"100% of it is {each.id}")


def test_it_takes_for_the_same_what_splitting_takes_for_the_same() -> None:
    known = sample()
    changed = [reworded(each, every) for each, every in zip(known, [2, 3, 4, 5, 9] * 16, strict=True)]
    halves = [each.with_turns(each.dialogue[: len(each.dialogue) // 2]) for each in known]
    all_at_once = NearDuplicates()
    for each in known:
        all_at_once.add(each)
    with Novelty(known) as novelty:
        found = [novelty.flaw(each) is not None for each in (*changed, *halves)]
    expected = [bool(all_at_once.like(each)) for each in (*changed, *halves)]
    assert found == expected
    assert 0 < sum(found) < len(found)


def test_a_reference_is_known_from_the_beginning() -> None:
    with Novelty(islice(sample(), 5)) as novelty:
        flaw = novelty.flaw(sample()[2])
        assert flaw is not None
        assert flaw.detail == "100% of it is rolecs-zh-003 of the reference"
        assert novelty.flaw(sample()[7]) is None


def test_a_reference_may_hold_the_same_twice() -> None:
    with Novelty([sample()[0], sample()[0]]) as novelty:
        assert novelty.flaw(sample()[0]) is not None
        assert novelty.flaw(sample()[1]) is None


def test_what_was_turned_down_is_not_known() -> None:
    one, other = sample()[:2]
    mixed = one.with_turns([*one.dialogue, *other.dialogue])
    with Novelty([one]) as novelty:
        assert novelty.flaw(mixed) is not None
        assert novelty.flaw(other) is None


def test_dialogues_too_short_to_compare_are_the_same_only_if_all_is() -> None:
    def brief(text: str) -> Conversation:
        return Conversation(dialogue=(Turn(speaker="customer", text=text),))

    with Novelty() as novelty:
        assert novelty.flaw(brief("Hello there.")) is None
        assert novelty.flaw(brief("Hello there, you.")) is None
        assert novelty.flaw(brief("hello THERE")) is not None


def test_memory_does_not_grow_with_the_dialogues() -> None:
    known = sample()
    turns = [turn for each in known for turn in each.dialogue]

    def made(number: int) -> Conversation:
        picked = [turns[(number * 7919 + place * (number + 104_729)) % len(turns)] for place in range(20)]
        return Conversation(dialogue=tuple(picked))

    with Novelty() as novelty:
        for number in range(50):
            novelty.flaw(made(number))
        tracemalloc.start()
        try:
            for number in range(50, 200):
                novelty.flaw(made(number))
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # Their pieces alone are more than a megabyte; what stays is caches of the interpreter.
    assert kept < 400_000
