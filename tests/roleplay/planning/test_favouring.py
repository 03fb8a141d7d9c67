"""Which strategies are favoured, and where."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import pytest

from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.exceptions import ConfigError, LabelError
from csc_dspy.roleplay import DIFFICULTIES, EVENTS, Task
from csc_dspy.roleplay.planning import Plan, rare_strategies
from csc_dspy.roleplay.planning.favouring import Favouring
from csc_dspy.roleplay.planning.occasions import occasions_of
from csc_dspy.roleplay.topics import topics
from csc_dspy.taxonomy import load_taxonomy

WEIGHTS = {"others": 0.5, "feedback_request": 0.3, "relationship_continuation": 0.2}


@lru_cache(maxsize=1)
def tasks() -> tuple[Task, ...]:
    return tuple(Plan(count=4000, pool=100, favour=WEIGHTS).tasks())


def spoken(*labels: str) -> Conversation:
    turns = [{"speaker": "客服", "text": "是", "strategy": label} for label in labels]
    return Conversation.model_validate({"dialogue": turns}, context=load_taxonomy())


def test_without_a_corpus_the_rare_ones() -> None:
    assert rare_strategies() == pytest.approx(
        {"feedback_request": 1 / 3, "relationship_continuation": 1 / 3, "others": 1 / 3}
    )


def test_what_a_corpus_lacks_counted_by_hand() -> None:
    corpus = [spoken("信息传达", "信息传达", "其它"), spoken("信息传达", "礼貌问候")]
    target = {"信息传达": 0.5, "Others": 0.3, "9": 0.2}
    # Of the four turns that count, three are information and one is other: 0.75, 0.25 and 0.
    assert rare_strategies(reference=corpus, target=target) == pytest.approx(
        {"others": 0.05 / 0.25, "feedback_request": 0.2 / 0.25}
    )


def test_what_the_sample_lacks() -> None:
    weights = rare_strategies(reference=read("rolecs-sample"))
    assert sum(weights.values()) == pytest.approx(1)
    assert max(weights, key=weights.__getitem__) == "feedback_request"
    assert not {"information_delivery", "greeting", "appreciation_closure"} & weights.keys()


def test_a_corpus_on_target_is_favoured_by_the_target() -> None:
    assert rare_strategies(reference=[spoken("9", "12")], target={"9": 1, "12": 1}) == {
        "feedback_request": 0.5,
        "others": 0.5,
    }


@pytest.mark.parametrize("target", [{}, {"others": 0.0}, {"others": 1.0, "9": -1.0}])
def test_targets_that_are_none(target: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="a target needs shares"):
        rare_strategies(target=target)


def test_words_that_are_no_strategy() -> None:
    with pytest.raises(LabelError):
        rare_strategies(target={"shouting": 1.0})
    with pytest.raises(ConfigError, match="no strategies of the target"):
        rare_strategies(reference=[spoken("1")])


def test_another_taxonomy_has_no_scenes_of_its_own() -> None:
    esconv = load_taxonomy("esconv")
    weights = rare_strategies(esconv)
    assert weights == pytest.approx(dict.fromkeys((each.id for each in esconv.strategies), 1 / 8))
    summary = Plan(count=924, pool=50, favour=weights, taxonomy="esconv", language="en").summary()
    assert max(summary.topics.values()) - min(summary.topics.values()) <= 1
    assert set(summary.favoured) == set(weights)
    assert max(summary.favoured.values()) < 1.5 * min(summary.favoured.values())


def test_one_or_two_are_favoured() -> None:
    numbers = Counter(len(task.favoured) for task in tasks())
    assert set(numbers) == {1, 2}
    assert numbers[1] == pytest.approx(numbers[2], rel=0.15)
    assert all(len(set(task.favoured)) == len(task.favoured) for task in tasks())


def test_scenes_that_give_occasion_come_more_often() -> None:
    shares = Counter(task.topic.id for task in tasks())
    assert shares["technical_support"] > 1.4 * shares["product_inquiry"]
    assert min(shares.values()) * 3 >= max(shares.values())
    events = Counter(event for task in tasks() for event in task.events)
    assert events["transfer"] > events["identity_refused"]
    assert set(events) == set(EVENTS)


def test_a_strategy_is_favoured_where_it_fits() -> None:
    def share(strategy: str, *, event: str) -> float:
        among = [task for task in tasks() if task.events == ((event,) if event else ())]
        return sum(task.favoured[0] == strategy for task in among) / len(among)

    assert share("others", event="transfer") > share("others", event="") + 0.1
    assert share("feedback_request", event="second_issue") > share("feedback_request", event="outage") + 0.1


def test_the_weights_of_one_scene_counted_by_hand() -> None:
    favouring = Favouring({"others": 0.5, "feedback_request": 0.5}, occasions_of("copc"))
    # Complaint, hard, transfer: others 1.2 * 2 * 3 = 7.2, feedback 2 * 0.7 = 1.4; of 8.6 others have 0.837.
    draws = [(0.83, 0.9, 0.0), (0.84, 0.9, 0.0), (0.83, 0.4, 0.0)]
    assert [favouring.favoured("complaint_dispute", "hard", ("transfer",), draw) for draw in draws] == [
        ("others",),
        ("feedback_request",),
        ("others", "feedback_request"),
    ]


def test_one_favourite_alone() -> None:
    found = {task.favoured for task in Plan(count=50, pool=9, favour={"others": 1.0}).tasks()}
    assert found == {("others",)}


def test_occasions_name_what_there_is() -> None:
    known = occasions_of("copc")
    strategies = {each.id for each in load_taxonomy().strategies}
    assert set(known.topics) == {each.id for each in topics()}
    assert set(known.events) == set(EVENTS)
    assert set(known.difficulties) <= set(DIFFICULTIES)
    assert {*known.rare, *known.placed} <= strategies
    for factors in (*known.topics.values(), *known.difficulties.values(), *known.events.values()):
        assert set(factors) <= strategies - set(known.placed)
        assert all(0 < factor <= 3 for factor in factors.values())
