"""Which strategies are given away by their place in the conversation."""

from __future__ import annotations

from dataclasses import replace

from csc_dspy.metrics.labels.mid import position_bound
from csc_dspy.taxonomy import load_taxonomy


def test_in_copc() -> None:
    assert [each.number for each in position_bound(load_taxonomy("copc"))] == [1, 2, 11]


def test_none_where_conversations_come_back_to_the_first_stage() -> None:
    assert position_bound(load_taxonomy("esconv")) == ()
    copc = load_taxonomy("copc")
    reopening = tuple(replace(each, reopens=each.id == "greeting") for each in copc.strategies)
    assert position_bound(replace(copc, strategies=reopening)) == ()


def test_none_where_nothing_is_at_home_in_the_first_stage() -> None:
    copc = load_taxonomy("copc")
    homeless = tuple(each for each in copc.strategies if each.stage != copc.stages[0])
    assert position_bound(replace(copc, strategies=homeless)) == ()


def test_none_where_there_is_one_stage() -> None:
    copc = load_taxonomy("copc")
    assert position_bound(replace(copc, stages=copc.stages[:1])) == ()


def test_the_opening_alone_where_nothing_is_at_home_in_the_last_stage() -> None:
    copc = load_taxonomy("copc")
    staying = tuple(each for each in copc.strategies if each.stage != copc.stages[-1])
    assert [each.number for each in position_bound(replace(copc, strategies=staying))] == [1, 2]
