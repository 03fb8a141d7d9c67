"""Two annotations of the same dialogues, against scikit-learn and by hand."""

from __future__ import annotations

import random

import pytest
from sklearn.metrics import cohen_kappa_score

from csc_dspy.auditing import agreement_of
from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import LANGUAGES, load_taxonomy
from tests.auditing.changed_labels import talk, with_changed_labels

A = talk(
    "a",
    ("GT", "您好。"),
    ("", "喂。"),
    ("PR", "什么事？"),
    ("", "卡丢了。"),
    ("ID", "需要补办。"),
    ("AC", "再见。"),
)


def relabelled(conversation: Conversation, **labels: str | None) -> Conversation:
    """The conversation with other strategies: ``t2="EM"``."""
    taxonomy = load_taxonomy()
    turns = [*conversation.dialogue]
    for place, label in labels.items():
        index = int(place.removeprefix("t"))
        strategy = taxonomy.strategy(label) if label else None
        turns[index] = turns[index].model_copy(update={"strategy": strategy})
    return conversation.with_turns(turns)


@pytest.mark.parametrize("language", LANGUAGES)
def test_kappa_is_that_of_scikit_learn(language: str) -> None:
    first = [*iter(read("csconv-sample:dev", language=language))]  # type: ignore[arg-type]  # of the two
    second, places = with_changed_labels(first, seed=3)
    random.Random(0).shuffle(second)
    found = agreement_of(first, second)
    there = {each.id: each for each in second}
    pairs = [
        (str(turn.strategy), str(there[each.id].dialogue[index].strategy))
        for each in first
        for index, turn in each.supporter_turns()
    ]
    one, other = zip(*pairs, strict=True)
    kappa = found.strategy.overall.kappa
    assert kappa.value == pytest.approx(cohen_kappa_score(one, other))
    assert kappa.low is not None
    assert kappa.high is not None
    assert kappa.low < kappa_value(kappa.value) < kappa.high
    for label, estimate in found.strategy.labels.items():
        binary = [(a == label, b == label) for a, b in pairs]
        assert estimate.value == pytest.approx(cohen_kappa_score(*zip(*binary, strict=True)))
    assert {(each.dialogue, each.turn) for each in found.disagreements} == places
    assert (found.turns, found.unlabelled, found.stages_given) == (len(pairs), 0, True)
    # The stages were left alone.
    assert found.stage.overall.kappa.value == pytest.approx(1.0)
    assert sum(map(sum, (row.values() for row in found.strategy.confusion.values()))) == len(pairs)


def kappa_value(value: float | None) -> float:
    assert value is not None
    return value


def test_by_hand() -> None:
    found = agreement_of([A], [relabelled(A, t2="EM")])
    # Three of four agree; by chance 1/4·1/4 of each of three labels.
    assert found.strategy.overall.kappa.value == pytest.approx((0.75 - 3 / 16) / (1 - 3 / 16))
    assert found.strategy.labels["problem_refinement"].value == pytest.approx(0)
    assert found.strategy.confusion["problem_refinement"] == {"emotional_management": 1}
    [only] = found.disagreements
    assert only.to_dict() == {
        "dialogue": "a",
        "turn": 2,
        "about": "strategy",
        "a": "problem_refinement",
        "b": "emotional_management",
        "text": "什么事？",
    }
    assert not found.stages_given


def test_stages_follow_from_strategies_where_none_are_given() -> None:
    found = agreement_of([A], [relabelled(A, t2="ID")])
    assert {(each.about, each.a, each.b) for each in found.disagreements} == {
        ("strategy", "problem_refinement", "information_delivery"),
        ("stage", "identifying", "exploring"),
    }
    assert found.stage.confusion["identifying"] == {"exploring": 1}


def test_turns_without_a_label_do_not_count() -> None:
    found = agreement_of([A], [relabelled(A, t2=None)])
    assert (found.turns, found.unlabelled, found.strategy.overall.units) == (4, 1, 3)
    assert found.disagreements == ()


def other_words(conversation: Conversation) -> Conversation:
    turns = [*conversation.dialogue]
    turns[2] = turns[2].model_copy(update={"text": "怎么了？"})
    return conversation.with_turns(turns)


B = talk("b", ("GT", "Hello."), ("", "Hi."))


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ([A, B], [A], "dialogue b is in A and not in B"),
        ([A], [A, B], "dialogue b is in B and not in A"),
        ([A], [A.with_turns(A.dialogue[:-1])], "dialogue a has 6 turns in A, 5 in B"),
        (
            [A],
            [other_words(A)],
            "dialogue a, turn 2: A has supporter '什么事？', and B has supporter '怎么了？'",
        ),
        ([], [], "no turn has a strategy in both"),
        ([A], [relabelled(A, t0=None, t2=None, t4=None, t5=None)], "no turn has a strategy in both"),
    ],
)
def test_other_dialogues_are_refused(
    first: list[Conversation], second: list[Conversation], problem: str
) -> None:
    with pytest.raises(DataError) as caught:
        agreement_of(first, second)
    assert problem in str(caught.value)
