"""The stage of a turn: given, or derived by the documented rule."""

from __future__ import annotations

import pytest

from csc_dspy.conversations import Conversation, derive_stages, next_stage
from csc_dspy.taxonomy import Taxonomy, load_taxonomy

COPC = load_taxonomy("copc")
ESCONV = load_taxonomy("esconv")


def derived(*labels: str, taxonomy: str = "copc") -> str:
    """The initials of the stages derived for supporter turns with these labels ('' is unlabelled)."""
    turns = [{"speaker": "supporter", "strategy": label, "text": "…"} for label in labels]
    conversation = Conversation.model_validate({"dialogue": turns}, context=load_taxonomy(taxonomy))
    return "".join(stage.id[0] for stage in conversation.stages())


def test_a_labelled_talk_walks_through_the_stages() -> None:
    assert derived("GT", "IV", "PR", "RP", "PS", "ID", "RI", "FR", "RC", "AC") == "cciieerrmm"


@pytest.mark.parametrize(
    ("labels", "stages"),
    [
        (("OT",), "c"),  # Others has no home: it stands where the talk stands, at first in the first stage
        (("GT", "PS", "OT"), "cee"),
        (("GT", "EM"), "ci"),  # comfort takes the talk forward to its home stage …
        (("GT", "PS", "EM"), "cee"),  # … and, where it comes late, belongs to the running stage
        (("GT", "RI", "EM", "OT"), "crrr"),
        (("GT", "PR", "IV"), "cii"),  # a late identity check does not start the call anew
        (("GT", "RI", "PS", "ID"), "crrr"),  # nor does advice on the way out reopen the search
        (("GT", "PS", "PR"), "cei"),  # but a new question reopens identification, one stage back
        (("GT", "RI", "PR"), "crr"),  # two stages back are too far
        (("GT", "PS", "PR", "PS"), "ceie"),
        (("GT", "AC", "GT"), "cmm"),
        (("", "PR", ""), "cii"),  # unlabelled turns stand where the talk stands
    ],
)
def test_rule(labels: tuple[str, ...], stages: str) -> None:
    assert derived(*labels) == stages


def test_the_rule_holds_for_another_taxonomy() -> None:
    assert derived("Question", "Affirmation and Reassurance", "Information", taxonomy="esconv") == "eca"
    assert derived("Question", "Self-disclosure", "Question", taxonomy="esconv") == "ece"
    assert derived("Information", "Question", taxonomy="esconv") == "aa"


def test_a_given_stage_wins_and_becomes_the_running_one() -> None:
    turns = [
        {"speaker": "supporter", "strategy": "GT", "stage": "Exploring", "text": "a"},
        {"speaker": "customer", "text": "b"},
        {"speaker": "supporter", "strategy": "OT", "text": "c"},
    ]
    conversation = Conversation.model_validate({"dialogue": turns})
    assert [stage.id for stage in conversation.stages()] == ["exploring"] * 3


def test_a_customers_turn_stands_where_the_talk_stands() -> None:
    turns = [
        {"speaker": "customer", "text": "a"},
        {"speaker": "supporter", "strategy": "PR", "text": "b"},
        {"speaker": "customer", "text": "c"},
    ]
    stages = derive_stages(Conversation.model_validate({"dialogue": turns}).dialogue, COPC)
    assert [stage.id for stage in stages] == ["connecting", "identifying", "identifying"]


def test_with_stages_writes_them_down_for_the_supporter_only() -> None:
    turns = [
        {"speaker": "customer", "text": "a"},
        {"speaker": "supporter", "strategy": "PR", "text": "b"},
    ]
    written = Conversation.model_validate({"dialogue": turns}).with_stages()
    assert [turn.stage and turn.stage.id for turn in written.dialogue] == [None, "identifying"]
    assert written.with_stages() == written


@pytest.mark.parametrize("taxonomy", [COPC, ESCONV])
def test_no_strategy_goes_back_further_than_the_taxonomy_allows(taxonomy: Taxonomy) -> None:
    for running in taxonomy.stages:
        for strategy in (*taxonomy.strategies, None):
            assert running.number - next_stage(running, strategy, taxonomy).number <= taxonomy.fall_back
