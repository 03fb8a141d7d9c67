"""Plans: even, reproducible, growing, and without a list of tasks."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay import EVENTS, Task
from csc_dspy.roleplay.planning import Plan
from csc_dspy.roleplay.profiles import generate
from csc_dspy.roleplay.topics import industries, topics


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 5))
def test_a_longer_plan_begins_with_a_shorter(one: int, other: int, seed: int) -> None:
    few, many = sorted((one, other))
    short, long = (Plan(count=count, profiles="seeds", seed=seed) for count in (few, many))
    assert [*islice(long.tasks(), few)] == [*short.tasks()]


def test_keys_are_those_of_the_content() -> None:
    plan = Plan(count=300)
    keys = [task.key for task in plan.tasks()]
    assert len(set(keys)) == 300
    assert keys == [task.key for task in plan.tasks()]
    other = [task.key for task in Plan(count=300, seed=1).tasks()]
    assert not set(keys) & set(other)


def test_equal_content_is_the_same_task_in_another_plan() -> None:
    profiles = [*generate(5, "en")]
    two, three = topics()[:2], topics()[:3]
    small = {t.key for t in Plan(count=330, profiles=profiles, topics=two, language="en", events=0).tasks()}
    large = {t.key for t in Plan(count=495, profiles=profiles, topics=three, language="en", events=0).tasks()}
    assert len(small) == 330
    assert len(large) == 495
    assert small < large


@pytest.mark.parametrize("count", [21, 77, 231, 1000])
def test_numbers_are_even(count: int) -> None:
    summary = Plan(count=count, language="en").summary()
    for kind in (summary.topics, summary.industries, summary.difficulties):
        assert max(kind.values()) - min(kind.values()) <= 1
    assert sum(summary.topics.values()) == summary.count == count
    assert summary.profiles == count


def test_all_combinations_come_before_one_comes_again() -> None:
    profiles = [*generate(5, "zh")]
    plan = Plan(count=5 * 7 * 11 * 3, profiles=profiles, language="zh")
    seen = {(t.profile.id, t.topic.id, t.industry.id, t.difficulty) for t in plan.tasks()}
    assert len(seen) == plan.count
    twice = [*replace(plan, count=2 * plan.count).tasks()]
    assert len({task.key for task in twice}) == len(twice)


def test_languages_take_turns() -> None:
    tasks = [*Plan(count=9).tasks()]
    assert [task.language for task in tasks] == ["zh", "en"] * 4 + ["zh"]
    assert all(task.profile.language == task.language for task in tasks)
    only = Plan(count=9, profiles=[*generate(2, "en")])
    assert {task.language for task in only.tasks()} == {"en"}


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_events_come_by_their_share(share: float) -> None:
    count = 2000
    events = Counter(
        event for task in Plan(count=count, events=share, pool=50).tasks() for event in task.events
    )
    assert sum(events.values()) == pytest.approx(share * count, abs=80)
    if share:
        assert set(events) == set(EVENTS)
        assert max(events.values()) < 1.5 * min(events.values())


def test_a_task_has_all_it_needs() -> None:
    task = next(Plan(count=1, language="zh", industries=industries(["banking"])).tasks())
    assert isinstance(task, Task)
    assert task.industry.name.zh == "银行"
    assert task.favoured == ()
    assert 0 <= task.seed < 2**31
    assert json.loads(json.dumps(task.to_dict()))["profile"]["language"] == "zh"


def test_a_plan_holds_no_tasks() -> None:
    plan = Plan(count=10**6, pool=20)

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in islice(plan.tasks(), count):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(50)
    assert peak(4000) < peak(400) + 20_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"count": 0}, "count: 0 tasks are none"),
        ({"events": 1.5}, "events: 1.5 is no share"),
        ({"topics": ()}, "topics: there are none"),
        ({"favour": {"others": 0.0}}, "favour: "),
        ({"favour": {"others": -1.0, "greeting": 3.0}}, "favour: "),
    ],
)
def test_what_no_plan_can_be_made_of(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        Plan(**{"count": 3, **options})
    assert str(error.value).startswith(said)


def test_profiles_have_to_be_in_the_language() -> None:
    with pytest.raises(ConfigError, match="profiles: there are none in zh"):
        next(Plan(count=1, language="zh", profiles=[*generate(2, "en")]).tasks())


def test_identity_is_all_but_the_count() -> None:
    plan = Plan(count=3)
    assert plan.identity == replace(plan, count=5).identity
    one, other = generate(2, "en")
    changes: list[dict[str, Any]] = [
        {"seed": 1},
        {"language": "en"},
        {"events": 0.0},
        {"favour": {"others": 1.0}},
        {"topics": topics()[1:]},
        {"profiles": [one]},
        {"profiles": [other]},
    ]
    identities = [json.dumps(replace(plan, **change).identity, sort_keys=True) for change in [{}, *changes]]
    assert len(set(identities)) == len(identities)
