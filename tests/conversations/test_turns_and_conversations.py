"""`Turn` and `Conversation`: every spelling comes in, the published one goes out, nothing is lost."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from csc_dspy.conversations import Conversation, Turn, turn_examples
from csc_dspy.taxonomy import Taxonomy, load_taxonomy

COPC = load_taxonomy("copc")
ESCONV = load_taxonomy("esconv")

PUBLISHED: dict[str, Any] = {
    "source": "账户和交易管理",
    "dialogue": [
        {"speaker": "客服", "strategy": "策略1 礼貌问候", "text": "您好，很高兴为您服务。"},
        {"speaker": "客户", "strategy": "", "text": "我的卡被吞了！"},
        {"speaker": "客服", "strategy": "策略4 细化问题", "text": "屏幕上显示什么？"},
    ],
}


def turn(**fields: object) -> Turn:
    return Turn.model_validate({"speaker": "supporter", "text": "Hello.", **fields})


@pytest.mark.parametrize("name", ["客服", "supporter", "Supporter", " AGENT ", "assistant"])
def test_supporter_names(name: str) -> None:
    assert turn(speaker=name).speaker == "supporter"


@pytest.mark.parametrize("name", ["客户", "customer", "User", "client", "seeker", "用户", "顾客"])
def test_customer_names(name: str) -> None:
    assert turn(speaker=name).speaker == "customer"


@pytest.mark.parametrize("name", ["", "系统", "bot9", None, 3, ["客服"]])
def test_nobodys_name_is_refused(name: object) -> None:
    with pytest.raises(ValidationError, match="unknown speaker"):
        turn(speaker=name)


@pytest.mark.parametrize(
    "label", ["策略5 情感管理", "策略5: 情感管理", "EM", "emotional management", 5, "\uff15"]
)
def test_labels_become_members(label: object) -> None:
    assert turn(strategy=label).strategy == COPC.strategy("emotional_management")


@pytest.mark.parametrize("label", ["策略6+策略7", "nonsense", True, 1.5, ["EM"], {"strategy": 5}])
def test_bad_labels_name_their_place(label: object) -> None:
    row = {"dialogue": [*PUBLISHED["dialogue"], {"speaker": "客服", "strategy": label, "text": "好。"}]}
    with pytest.raises(ValidationError) as caught:
        Conversation.model_validate(row)
    [error] = caught.value.errors()
    assert error["loc"] == ("dialogue", 3, "strategy")
    assert error["ctx"]["remedy"]


def test_every_bad_turn_is_reported_at_once() -> None:
    row = {"dialogue": [{"speaker": "x", "text": ""}, {"speaker": "客服", "stage": "nowhere", "text": "a"}]}
    with pytest.raises(ValidationError) as caught:
        Conversation.model_validate(row)
    assert [error["loc"] for error in caught.value.errors()] == [
        ("dialogue", 0, "speaker"),
        ("dialogue", 0, "text"),
        ("dialogue", 1, "stage"),
    ]


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_a_turn_says_something(text: str) -> None:
    with pytest.raises(ValidationError):
        turn(text=text)


@pytest.mark.parametrize("label", [{"strategy": "GT"}, {"stage": "connecting"}])
def test_a_customer_follows_no_strategy(label: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="a customer's turn carries a strategy"):
        turn(speaker="customer", **label)


def test_the_published_row_comes_back_unchanged() -> None:
    assert Conversation.model_validate(PUBLISHED).row() == PUBLISHED
    assert Conversation.model_validate(PUBLISHED).model_dump() == PUBLISHED
    assert json.loads(Conversation.model_validate(PUBLISHED).model_dump_json()) == PUBLISHED


def test_unknown_keys_are_kept() -> None:
    row = {
        "id": "a-1",
        "language": "zh",
        "profile": {"age": 72, "tags": ["x", None]},
        "rating": 4.5,
        "dialogue": [{"speaker": "客户", "strategy": "", "text": "喂？", "seconds": 3}],
    }
    assert Conversation.model_validate(row).row() == row


def test_numbers_as_ids_become_text() -> None:
    assert Conversation.model_validate({"id": 7, "dialogue": []}).id == "7"


@pytest.mark.parametrize(
    ("name", "language"), [("zh-CN", "zh"), ("Chinese", "zh"), ("EN_us", "en"), ("", None)]
)
def test_language_names(name: str, language: str | None) -> None:
    assert Conversation.model_validate({"language": name, "dialogue": []}).language == language


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ValidationError, match="unknown language 'de'"):
        Conversation.model_validate({"language": "de", "dialogue": []})


def test_language_is_detected_where_it_is_not_given() -> None:
    assert Conversation.model_validate(PUBLISHED).spoken_language == "zh"
    assert Conversation(dialogue=(turn(),)).spoken_language == "en"


@pytest.mark.parametrize("field", ["speaker", "text", "strategy"])
def test_turns_are_frozen(field: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(turn(), field, "customer")


def test_conversations_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Conversation.model_validate(PUBLISHED).topic = "x"


def test_another_taxonomy_by_context_by_name_and_by_object() -> None:
    turns = [
        {"speaker": "supporter", "strategy": "Question", "stage": "exploration", "text": "What happened?"}
    ]
    by_context = Conversation.model_validate({"dialogue": turns}, context=ESCONV)
    by_name = Conversation.model_validate({"dialogue": turns, "taxonomy": "esconv"})
    by_object = Conversation.model_validate({"dialogue": turns, "taxonomy": ESCONV})
    assert by_context == by_name == by_object
    assert by_context.dialogue[0].strategy == ESCONV.strategy("Question")
    assert by_context.row()["taxonomy"] == "esconv"
    assert Conversation.model_validate(by_context.row()) == by_context


def test_a_row_of_another_taxonomy_than_asked_for_is_refused() -> None:
    with pytest.raises(ValidationError, match="labelled by the taxonomy 'esconv', not 'copc'"):
        Conversation.model_validate({"dialogue": [], "taxonomy": "esconv"}, context=COPC)
    with pytest.raises(ValidationError, match="taxonomy 'mine', which is not built in"):
        Conversation.model_validate({"dialogue": [], "taxonomy": "mine"})


def test_one_conversation_holds_one_taxonomy() -> None:
    foreign = turn(strategy=ESCONV.strategy("Question"))
    with pytest.raises(ValidationError, match="another taxonomy than 'copc'"):
        Conversation(dialogue=(foreign,))
    assert Conversation(dialogue=(foreign,), taxonomy=ESCONV).dialogue == (foreign,)


def test_taxonomy_does_not_leak_into_the_next_row() -> None:
    with pytest.raises(ValidationError):
        Conversation.model_validate({"dialogue": [{"speaker": "nobody", "text": "x"}]}, context=ESCONV)
    assert Conversation.model_validate(PUBLISHED).taxonomy == COPC


def test_content_hash_depends_on_words_and_speakers_only() -> None:
    base = Conversation.model_validate(PUBLISHED)
    relabelled = base.with_turns([t.model_copy(update={"strategy": None}) for t in base.dialogue])
    other = base.with_turns([base.dialogue[0].model_copy(update={"text": "您好。"}), *base.dialogue[1:]])
    renamed = base.model_copy(update={"id": "x", "topic": "y"})
    assert base.content_hash == relabelled.content_hash == renamed.content_hash
    assert base.content_hash != other.content_hash


def test_conversations_can_be_members_of_a_set() -> None:
    row = PUBLISHED | {"profile": {"age": 7}}
    assert len({Conversation.model_validate(row), Conversation.model_validate(row)}) == 1


def test_copies_and_pickles_are_equal() -> None:
    conversation = Conversation.model_validate(PUBLISHED)
    assert copy.deepcopy(conversation) == conversation
    assert pickle.loads(pickle.dumps(conversation)) == conversation


def test_turn_examples_hold_the_history_they_answer() -> None:
    conversation = Conversation.model_validate(PUBLISHED | {"id": "c"})
    first, second = turn_examples([conversation])
    assert first.history == ()
    assert second.history == conversation.dialogue[:2]
    assert second.history[0].strategy == COPC.strategy("greeting")
    assert second.turn is conversation.dialogue[2]
    assert (first.stage.id, second.stage.id) == ("connecting", "identifying")
    assert (first.id, second.id) == ("c#0", "c#2")
    assert second.language == "zh"


def test_examples_without_an_id_are_named_by_content() -> None:
    conversation = Conversation.model_validate(PUBLISHED)
    assert next(turn_examples([conversation])).id == f"{conversation.content_hash[:16]}#0"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
spoken = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(
    lambda text: text.strip() != ""
)


@st.composite
def rows(draw: st.DrawFn, taxonomy: Taxonomy = COPC) -> dict[str, Any]:
    """Rows as the published dataset writes them, with every optional field and unknown keys."""
    dialogue = []
    for _ in range(draw(st.integers(0, 6))):
        row: dict[str, Any] = {
            "speaker": draw(st.sampled_from(["客服", "客户"])),
            "strategy": "",
            "text": draw(spoken),
        }
        if row["speaker"] == "客服":
            row["strategy"] = draw(st.sampled_from(["", *(s.label for s in taxonomy.strategies)]))
            row |= draw(
                st.fixed_dictionaries(
                    {}, optional={"stage": st.sampled_from([s.id for s in taxonomy.stages])}
                )
            )
        dialogue.append(row | draw(st.fixed_dictionaries({}, optional={"seconds": json_values})))
    words = st.text(st.characters(codec="utf-8"), max_size=10)
    known = {"id": words, "source": words, "topic": words, "scenario": words, "customer_goal": words}
    optional = known | {
        "language": st.sampled_from(["zh", "en"]),
        "profile": st.dictionaries(words, json_values, max_size=3),
        "anything_else": json_values,
    }
    row = draw(st.fixed_dictionaries({"dialogue": st.just(dialogue)}, optional=optional))
    return row if taxonomy.id == "copc" else row | {"taxonomy": taxonomy.id}


@given(rows())
def test_any_published_row_round_trips(row: dict[str, Any]) -> None:
    assert Conversation.model_validate(row).row() == row


@given(rows(ESCONV))
def test_any_row_of_another_taxonomy_round_trips(row: dict[str, Any]) -> None:
    assert Conversation.model_validate(row).row() == row
