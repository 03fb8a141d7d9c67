"""A label that names no member, or several, is an error that helps; it is never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csc_dspy.exceptions import LabelError
from csc_dspy.taxonomy import BUILT_IN, Strategy, load_taxonomy

PLAIN_JOINTS = ["+", ",", "，", "/", "、", "和", "&", ";", "；", "|", ""]
JOINTS = [*PLAIN_JOINTS, " + ", ", ", " / ", " 和 ", " and ", "and", " or ", " & ", "; "]

TWO_NUMBERS = ["1, 2", "1+2", "1/2", "1 2", "1、2", "1-2", "1.2", "十、二", "十 二", "策略1 2", "1 策略2"]
FOLDED_NUMBERS = ["５ ５", "5 5", "五五", "①②", "1²", "策略1②", "⑴⑵", "½"]
NO_NUMBER = ["5.0", "13", "策略13", "0", "策略0", "00", "1e1", "0x5", "5%", "٥", "²²"]
NO_WORD = [
    "",
    " ",
    "-",
    "--",
    "()",
    "策略",
    "strategy",
    "Strategy:",
    "策略：",
    "Emotional",
    "management",
    "情感",
]
CONTRADICTIONS = [
    "策略5 提供建议",
    "5 PS",
    "EM PS",
    "EMPS",
    "-5 提供建议",
    "策略6 情感管理 EM",
    "greeting 12",
]
OTHER_TEXT = ["not EM", "EM?", "None", "null", "客服", "another", "其它的", "I greet you", "12th", "第5"]


def full_spellings(strategy: Strategy) -> list[str]:
    numbered = [
        f"策略{strategy.number}",
        f"Strategy {strategy.number}",
        f"策略{strategy.number} {strategy.name.zh}",
    ]
    return [*numbered, strategy.name.en, strategy.name.zh, strategy.id]


@pytest.mark.parametrize("joint", JOINTS)
@pytest.mark.parametrize("name", BUILT_IN)
def test_two_strategies_in_one_label_are_refused_and_both_named(name: str, joint: str) -> None:
    strategies = load_taxonomy(name).strategies
    for first, second in zip(strategies, (*strategies[1:], strategies[0]), strict=True):
        for a, b in zip(full_spellings(first), reversed(full_spellings(second)), strict=True):
            with pytest.raises(LabelError, match="names more than one strategy") as error:
                load_taxonomy(name).strategy(a + joint + b)
            assert error.value.problem.endswith(f": {first.id} and {second.id}")


@pytest.mark.parametrize("name", BUILT_IN)
@settings(deadline=None, max_examples=400)
@given(data=st.data())
def test_two_strategies_are_refused_however_they_are_spelled_and_joined(
    name: str, data: st.DataObject
) -> None:
    taxonomy = load_taxonomy(name)
    pair = data.draw(st.lists(st.sampled_from(taxonomy.strategies), min_size=2, max_size=2, unique=True))
    parts = [
        data.draw(st.sampled_from([*full_spellings(each), each.abbreviation, *each.aliases])) for each in pair
    ]
    with pytest.raises(LabelError):
        taxonomy.strategy(data.draw(st.sampled_from(JOINTS)).join(parts))


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_number_that_contradicts_the_name_is_refused(name: str) -> None:
    taxonomy = load_taxonomy(name)
    for numbered in taxonomy.strategies:
        for named in taxonomy.strategies:
            if numbered != named:
                for label in (f"策略{numbered.number} {named.name.zh}", f"{named.id} ({numbered.number})"):
                    with pytest.raises(LabelError, match="names more than one strategy") as error:
                        taxonomy.strategy(label)
                    assert {numbered.id, named.id} == set(
                        error.value.problem.rsplit(": ", 1)[1].split(" and ")
                    )


@pytest.mark.parametrize(
    "label", [*TWO_NUMBERS, *FOLDED_NUMBERS, *NO_NUMBER, *NO_WORD, *CONTRADICTIONS, *OTHER_TEXT]
)
def test_what_only_looks_like_a_label_is_refused(label: str) -> None:
    with pytest.raises(LabelError):
        load_taxonomy("copc").strategy(label)


@pytest.mark.parametrize("number", [0, -13, 13, 1_000_000])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(LabelError, match="names no strategy of the taxonomy 'copc'"):
        load_taxonomy("copc").strategy(number)


def test_a_stage_is_not_a_strategy_and_the_other_way_round() -> None:
    copc = load_taxonomy("copc")
    with pytest.raises(LabelError, match="names no strategy"):
        copc.strategy("阶段2 理解和识别问题")
    with pytest.raises(LabelError, match="names no stage"):
        copc.stage("策略5 情感管理")
    with pytest.raises(LabelError, match="names more than one stage: exploring and resolving"):
        copc.stage("exploring → resolving")


def test_messages_quote_the_label_and_suggest_a_remedy() -> None:
    copc = load_taxonomy("copc")
    with pytest.raises(LabelError, match=r"^'Greting' names no strategy .* \(did you mean 'greeting'\?\)$"):
        copc.strategy("Greting")
    with pytest.raises(LabelError, match=r"\(known: 1 greeting, 2 identity_verification, .*, 12 others\)$"):
        copc.strategy("?")
    with pytest.raises(LabelError, match=r"\(give exactly one stage\)$"):
        copc.stage("1 & 2")


def test_a_name_within_a_longer_name_is_not_mentioned(own_toml: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(own_toml.replace('en = "Instruct"', 'en = "Ask to act"'), encoding="utf-8")
    with pytest.raises(LabelError, match="names more than one strategy: instruct and others "):
        load_taxonomy(file).strategy("Ask to act + Others")


# Each would take hours, not a moment, if matching went back over what it has read.
LONG_NAMES = [
    "em",
    "em ",
    "emotional",
    "emotional management ",
    "重述转述",
    "重述或",
    "restatementparaphrasing",
]
LONG_NUMBERS = ["5", "0", "0 ", "1 ", "05", "五", "策略", "strategy5", "①", "策略5 情感管理 "]
LONG_OTHERS = [" ", "(", "-5", "x", "ﬃ", "\u0130", "\ud800"]


@pytest.mark.parametrize("label", [*LONG_NAMES, *LONG_NUMBERS, *LONG_OTHERS])
def test_long_labels_get_a_short_answer(label: str) -> None:
    with pytest.raises(LabelError) as error:
        load_taxonomy("copc").strategy(label * 100_000 + "!")
    assert len(str(error.value)) < 1_500
    assert len(str(error.value).splitlines()) == 1


def test_a_label_of_a_megabyte_gets_a_short_answer() -> None:
    with pytest.raises(LabelError, match=r"^'策略5 情感管理策略5.*…' names no strategy") as error:
        load_taxonomy("copc").strategy("策略5 情感管理" * 120_000)
    assert len(str(error.value)) < 1_500
