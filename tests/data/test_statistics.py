"""Statistics of small corpora, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from csc_dspy.conversations import Conversation
from csc_dspy.data import stats
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import load_taxonomy

Said = tuple[str, ...]

CHINESE: tuple[Said, ...] = (
    ("客服", "您好！", "策略1 礼貌问候"),
    ("客户", "网断了"),
    ("客服", "什么时候断的？", "策略4 细化问题"),
    ("客户", "昨天"),
    ("客服", "是哪一台设备？", "策略4 细化问题"),
    ("客户", "路由器"),
    ("客服", "灯是什么颜色？", "策略4 细化问题"),
    ("客户", "红色"),
    ("客服", "再见！", "策略11 感谢与告别"),
)
ENGLISH: tuple[Said, ...] = (
    ("Agent", "Hello!", "Greeting"),
    ("Customer", "My parcel is gone."),
    ("Customer", "Again."),
    ("Agent", "That is sad."),
    ("Agent", "Try the  neighbour.", "PS"),
    ("Customer", "Thanks"),
    ("Agent", "您好！", "AC"),
)


def conversation(turns: tuple[Said, ...], taxonomy: str = "copc", **fields: str) -> Conversation:
    """A conversation from (speaker, text) and (speaker, text, strategy)."""
    names = ("speaker", "text", "strategy", "stage")
    dialogue = [dict(zip(names, turn, strict=False)) for turn in turns]
    return Conversation.model_validate({"dialogue": dialogue, **fields}, context=load_taxonomy(taxonomy))


@pytest.fixture(scope="module")
def counted() -> dict[str, Any]:
    corpus = [
        conversation(CHINESE, source="phone", topic="宽带"),
        conversation(ENGLISH, source="chat", topic="parcels"),
        conversation(ENGLISH, source="chat"),
    ]
    return stats(corpus).to_dict()


def test_size(counted: dict[str, Any]) -> None:
    size = ("dialogues", "turns", "supporter_turns", "customer_turns", "unlabelled_supporter_turns")
    assert [counted[name] for name in size] == [3, 23, 13, 10, 2]


def test_languages_sources_and_topics(counted: dict[str, Any]) -> None:
    assert counted["languages"] == {"zh": 1, "en": 2}
    assert list(counted["sources"].items()) == [("chat", 2), ("phone", 1)]
    assert (counted["distinct_sources"], counted["dialogues_without_source"]) == (2, 0)
    assert counted["topics"] == {"parcels": 1, "宽带": 1}
    assert (counted["distinct_topics"], counted["dialogues_without_topic"]) == (2, 1)


def test_lengths(counted: dict[str, Any]) -> None:
    turns, characters = counted["lengths"]["turns_per_dialogue"], counted["lengths"]["characters_per_turn"]
    assert turns["zh"] == {"count": 1, "min": 9, "mean": 9, "median": 9, "p95": 9, "max": 9}
    assert turns["all"] == {"count": 3, "min": 7, "mean": 23 / 3, "median": 7, "p95": 8.8, "max": 9}
    assert characters["customer"]["zh"] == {
        "count": 4,
        "min": 2,
        "max": 3,
        "mean": 2.5,
        "median": 2.5,
        "p95": 3,
    }
    assert characters["supporter"]["zh"]["mean"] == (3 + 7 + 7 + 7 + 3) / 5
    assert characters["supporter"]["en"]["max"] == len("Try the  neighbour.")
    assert characters["supporter"]["all"]["count"] == 13


def test_strategies(counted: dict[str, Any]) -> None:
    strategies = counted["strategies"]
    assert list(strategies) == [strategy.id for strategy in load_taxonomy().strategies]
    assert strategies["problem_refinement"] == {"number": 4, "count": 3, "share": 3 / 11}
    assert strategies["others"] == {"number": 12, "count": 0, "share": 0}
    seen = {id_: row["count"] for id_, row in strategies.items() if row["count"]}
    assert seen == {
        "greeting": 3,
        "problem_refinement": 3,
        "providing_suggestions": 2,
        "appreciation_closure": 3,
    }


def test_where_in_the_dialogue(counted: dict[str, Any]) -> None:
    fifths = counted["strategies_by_fifth"]
    assert fifths["greeting"] == [3, 0, 0, 0, 0]
    # The turns 3, 5 and 7 of nine begin after 2/9, 4/9 and 6/9 of the talk.
    assert fifths["problem_refinement"] == [0, 1, 1, 1, 0]
    # The turn 5 of seven begins after 4/7, twice.
    assert fifths["providing_suggestions"] == [0, 0, 2, 0, 0]
    assert fifths["appreciation_closure"] == [0, 0, 0, 0, 3]


def test_derived_stages(counted: dict[str, Any]) -> None:
    stages = {id_: row["count"] for id_, row in counted["stages"].items()}
    assert stages == {"connecting": 3, "identifying": 3, "exploring": 2, "resolving": 0, "maintaining": 3}
    assert counted["stages"]["exploring"] == {"number": 3, "count": 2, "share": 2 / 11}
    assert counted["stage_labels"] == {
        "given": 0,
        "derived": 11,
        "unknown": 2,
        "compared": 0,
        "agreeing": 0,
        "agreement": None,
    }


def test_transitions(counted: dict[str, Any]) -> None:
    transitions = counted["transitions"]
    assert {id_: count for id_, count in transitions["start"].items() if count} == {"greeting": 3}
    assert {id_: count for id_, count in transitions["end"].items() if count} == {"appreciation_closure": 3}
    assert transitions["most_frequent"] == [
        {"from": "problem_refinement", "to": "problem_refinement", "count": 2, "share": 2 / 3},
        {"from": "providing_suggestions", "to": "appreciation_closure", "count": 2, "share": 1},
        {"from": "greeting", "to": "problem_refinement", "count": 1, "share": 1},
        {"from": "problem_refinement", "to": "appreciation_closure", "count": 1, "share": 1 / 3},
    ]
    assert transitions["between"]["problem_refinement"]["problem_refinement"] == 2
    assert sum(sum(row.values()) for row in transitions["between"].values()) == 6
    assert {len(row) for row in transitions["between"].values()} == {12}


def test_sequences(counted: dict[str, Any]) -> None:
    assert counted["sequences"] == {
        "mean_distinct_strategies": 3,
        "dialogues_with_a_strategy_more_than_twice_running": 1,
        "dialogues_not_alternating": 2,
    }


def test_duplicates(counted: dict[str, Any]) -> None:
    duplicates = counted["duplicates"]
    assert duplicates["dialogues"] == {
        "count": 3,
        "distinct": 2,
        "repeated": 2,
        "repeated_share": 2 / 3,
        "in_other_dialogues": 2,
        "in_other_dialogues_share": 2 / 3,
    }
    # All four of the English dialogue twice, and 您好！ in the Chinese one too.
    assert duplicates["supporter_turns"]["repeated"] == 4 * 2 + 1
    assert duplicates["supporter_turns"]["distinct"] == 5 + 4 - 1
    assert duplicates["templated_supporter_share"] == 9 / 13
    assert duplicates["customer_turns"]["in_other_dialogues"] == 6


def test_a_repetition_within_one_dialogue_is_no_template() -> None:
    said = ("Agent", "One  moment,\nplease.", "OT"), ("Agent", " One moment, please.", "OT")
    repeats = stats([conversation(said)]).duplicates.supporter_turns
    assert (repeats.count, repeats.distinct, repeats.repeated, repeats.elsewhere) == (2, 1, 2, 0)


def test_given_stages_are_compared_with_derived_ones() -> None:
    turns = (
        ("Agent", "a", "Greeting", "Connecting"),
        ("Agent", "b", "PS", "Identifying"),  # derived: exploring
        ("Agent", "c", "OT", ""),  # stands where the given stages have led: identifying
        ("Agent", "d", "ID", "Exploring"),
        ("Agent", "e", "", "Resolving"),  # no strategy to derive from
        ("Agent", "f"),  # neither
    )
    labels = stats([conversation(turns)]).labels
    assert list(labels.stages.values()) == [1, 2, 1, 1, 0]
    assert (labels.stages_given, labels.stages_derived, labels.stages_unknown) == (4, 1, 1)
    assert (labels.stages_compared, labels.stages_agreeing) == (3, 2)
    assert labels.stage_agreement == 2 / 3


def test_another_taxonomy() -> None:
    turns = (
        ("seeker", "I failed."),
        ("supporter", "What happened?", "Question"),
        ("seeker", "我没及格"),
        ("supporter", "我明白。", "肯定与安抚"),
        ("supporter", "Ask for help.", "Providing Suggestions"),
    )
    counted = stats([conversation(turns, "esconv")]).to_dict()
    assert counted["taxonomy"] == "esconv"
    assert list(counted["strategies"]) == [strategy.id for strategy in load_taxonomy("esconv").strategies]
    assert [row["count"] for row in counted["stages"].values()] == [1, 1, 1]
    assert counted["entropy"]["conditional"] == {"bits": 0, "perplexity": 1}


def test_without_labels() -> None:
    counted = stats([conversation((*[("Agent", "Hello")] * 3, ("Customer", "Hi")))]).to_dict()
    assert counted["unlabelled_supporter_turns"] == 3
    assert {row["count"] for row in counted["strategies"].values()} == {0}
    assert {row["count"] for row in counted["stages"].values()} == {0}
    assert counted["entropy"] == {"unigram": None, "conditional": None}
    assert counted["transitions"]["most_frequent"] == []
    assert counted["sequences"] == {
        "mean_distinct_strategies": None,
        "dialogues_with_a_strategy_more_than_twice_running": 0,
        "dialogues_not_alternating": 1,
    }


def test_without_supporter_turns() -> None:
    counted = stats([conversation((("Customer", "Hello?"), ("Customer", "Hello?")))]).to_dict()
    assert (counted["turns"], counted["supporter_turns"]) == (2, 0)
    assert counted["lengths"]["characters_per_turn"]["supporter"]["all"]["count"] == 0
    assert counted["duplicates"]["supporter_turns"]["repeated_share"] == 0


def test_keys_do_not_depend_on_the_corpus(counted: dict[str, Any]) -> None:
    def keys(value: object) -> object:
        return {key: keys(below) for key, below in value.items()} if isinstance(value, dict) else None

    other = stats([conversation((("Agent", "Hello"),))]).to_dict()
    by_corpus = ("sources", "topics", "entropy")
    assert keys(other | dict.fromkeys(by_corpus)) == keys(counted | dict.fromkeys(by_corpus))


def test_nothing_to_count_is_refused() -> None:
    with pytest.raises(DataError, match="no conversation is left"):
        stats([])


def test_mixed_taxonomies_are_refused() -> None:
    with pytest.raises(DataError, match="'copc' and 'esconv' are mixed"):
        stats([conversation(ENGLISH), conversation((("Agent", "?", "Question"),), "esconv")])
