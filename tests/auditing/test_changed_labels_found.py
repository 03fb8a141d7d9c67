"""What an audit is for: of labels changed at random, most are at the top of its ranking."""

from __future__ import annotations

import math

import pytest

from csc_dspy.auditing import Audit, audit
from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.auditing.changed_labels import talk, with_changed_labels

SHARE = 0.6


@pytest.fixture(scope="module", params=LANGUAGES)
def changed(request: pytest.FixtureRequest) -> tuple[Language, Audit, set[tuple[str, int]]]:
    language: Language = request.param
    conversations, places = with_changed_labels(read("csconv-sample", language=language), seed=11)
    return language, audit(conversations), places


def test_most_changed_labels_are_in_the_top_of_the_ranking(
    changed: tuple[Language, Audit, set[tuple[str, int]]],
) -> None:
    _, found, places = changed
    assert len(found.suspects) == math.ceil(0.15 * found.labelled)
    suspects = {(each.dialogue, each.turn) for each in found.suspects}
    assert len(suspects) == len(found.suspects)
    assert len(suspects & places) >= SHARE * len(places)


def test_the_ranking_falls(changed: tuple[Language, Audit, set[tuple[str, int]]]) -> None:
    _, found, _ = changed
    scores = [each.score for each in found.suspects]
    assert scores == sorted(scores, reverse=True)
    assert [each.rank for each in found.suspects] == [*range(1, len(scores) + 1)]
    assert all(0 <= score <= 1 for score in scores)


def test_each_suspect_is_explained(changed: tuple[Language, Audit, set[tuple[str, int]]]) -> None:
    language, found, _ = changed
    for each in found.suspects:
        assert each.language == language
        assert each.evidence
        assert each.doubt.given.name[language] in each.why
        assert each.doubt.likely != each.doubt.given
        assert each.doubt.likely.name[language] in each.why
        assert "\n" not in each.why


def test_the_likely_label_is_often_the_one_before_the_change(
    changed: tuple[Language, Audit, set[tuple[str, int]]],
) -> None:
    language, found, places = changed
    true = {
        (each.id, index): turn.strategy
        for each in read("csconv-sample", language=language)
        for index, turn in each.supporter_turns()
    }
    hits = [each for each in found.suspects if (each.dialogue, each.turn) in places]
    right = sum(each.strategy.likely == true[each.dialogue, each.turn] for each in hits)
    # One in eleven would be chance.
    assert right > 0.4 * len(hits)


def test_stage_labels_are_audited_too() -> None:
    taxonomy = load_taxonomy()
    conversations = [*iter(read("csconv-sample:dev", language="en"))]
    # One stage in each dialogue, in the middle, is replaced by the first or the last one.
    wrong = set()
    for number, each in enumerate(conversations):
        turns = [*each.dialogue]
        middle = [index for index, _ in each.supporter_turns()][len(turns) // 4]
        stage = taxonomy.stages[0 if number % 2 else -1]
        if turns[middle].stage != stage:
            turns[middle] = turns[middle].model_copy(update={"stage": stage})
            conversations[number] = each.with_turns(turns)
            wrong.add((each.id, middle))
    found = audit(conversations)
    suspects = {(each.dialogue, each.turn): each for each in found.suspects}
    assert len(wrong) > 12
    assert len(wrong & set(suspects)) >= SHARE * len(wrong)
    doubtful = [suspects[place].doubtful for place in wrong & set(suspects) if place in suspects]
    assert doubtful.count("stage") > len(doubtful) / 2


def test_same_seed_same_audit() -> None:
    conversations = [*iter(read("csconv-sample:dev", language="zh"))][:6]
    first, again, other = (audit(iter(conversations), seed=seed, top=30) for seed in (0, 0, 5))
    assert first.to_dict() == again.to_dict()
    assert first.to_dict() != other.to_dict()


def test_other_conversations_may_be_learned_from() -> None:
    one = [*iter(read("csconv-sample:dev", language="en"))][:1]
    with pytest.raises(DataError, match="one dialogue alone"):
        audit(one)
    # The audited dialogue itself is no evidence for its own labels.
    with pytest.raises(DataError, match="one dialogue alone"):
        audit(one, train=one)
    found = audit(one, train=read("rolecs-sample", language="en"))
    assert found.learned_besides == 514
    assert found.suspects


GREETING = ("GT", "您好，欢迎致电。")
CUSTOMER = ("", "我的卡丢了。")


@pytest.mark.parametrize(
    ("conversations", "problem"),
    [
        pytest.param([], "no conversation", id="empty"),
        pytest.param([talk("a", ("-", "您好"), CUSTOMER)], "no turn has a strategy", id="unlabelled"),
        pytest.param(
            [talk("a", GREETING), talk("b", GREETING, CUSTOMER)], "the same strategy", id="one label"
        ),
        pytest.param(
            [talk("a", GREETING, CUSTOMER, ("PR", "什么时候丢的？"))], "one dialogue", id="one dialogue"
        ),
    ],
)
def test_what_cannot_be_audited_is_refused(conversations: list[Conversation], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        audit(conversations)


def test_too_few_suspects_are_refused() -> None:
    with pytest.raises(ConfigError, match="top=0"):
        audit(read("csconv-sample"), top=0)


def test_other_taxonomies_are_audited() -> None:
    esconv = load_taxonomy("esconv")
    question, comfort = esconv.strategies[0], esconv.strategies[3]
    conversations = [
        Conversation.model_validate(
            {
                "id": f"d{number}",
                "dialogue": [
                    {"speaker": "supporter", "strategy": question.id, "text": "What happened, and when?"},
                    {"speaker": "customer", "text": f"I lost my job number {number}."},
                    {
                        "speaker": "supporter",
                        "strategy": (question if number == 2 else comfort).id,
                        "text": f"You have managed harder things, I am sure of it, {number} times.",
                    },
                ],
            },
            context=esconv,
        )
        for number in range(6)
    ]
    first = audit(conversations, top=1).suspects[0]
    assert (first.dialogue, first.turn) == ("d2", 2)
    assert (first.strategy.given, first.strategy.likely) == (question, comfort)
    with pytest.raises(DataError, match="dialogue x: is labelled by the taxonomy 'copc'"):
        audit([*conversations, talk("x", GREETING)])


def test_unlabelled_turns_are_passed_over_and_counted() -> None:
    conversations = [
        talk("a", GREETING, CUSTOMER, ("-", "请稍等。"), ("PR", "什么时候丢的？")),
        talk(None, GREETING, CUSTOMER, ("PR", "在哪里丢的？")),
        talk("a", GREETING, CUSTOMER, ("PR", "是哪张卡？")),
    ]
    found = audit(conversations, top=100)
    assert (found.labelled, found.unlabelled, found.staged) == (6, 1, 0)
    assert {each.stage for each in found.suspects} == {None}
    names = {each.dialogue for each in found.suspects}
    assert names == {"a", "a~2", conversations[1].content_hash[:16]}
