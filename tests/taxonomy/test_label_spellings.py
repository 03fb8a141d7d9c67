"""Every accepted spelling of a label, in any composition, names its member."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csc_dspy.exceptions import LabelError
from csc_dspy.taxonomy import BUILT_IN, Stage, Strategy, Taxonomy, load_taxonomy

CHINESE_NUMERALS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
SPACES = ["", " ", "  ", "　", "\n", "\t"]
MARKS = [": ", "：", "-", " - ", " – ", "_", ". ", "、", "（", "）", "【", "」", "”", " #", "**", "'"]
CASES: list[Callable[[str], str]] = [str, str.upper, str.lower, str.title, str.swapcase]

Member = Stage | Strategy


def members(taxonomy: Taxonomy) -> list[Member]:
    return [*taxonomy.strategies, *taxonomy.stages]


def names(member: Member) -> list[str]:
    own = [member.id, member.name.en, member.name.zh, *member.aliases]
    return [*own, member.abbreviation] if isinstance(member, Strategy) else own


def prefixes(member: Member) -> list[str]:
    return ["策略", "strategy"] if isinstance(member, Strategy) else ["阶段", "stage"]


def found(taxonomy: Taxonomy, member: Member, label: str | int) -> Member:
    return taxonomy.stage(label) if isinstance(member, Stage) else taxonomy.strategy(label)


def full_width(text: str) -> str:
    return "".join("　" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@st.composite
def numbers(draw: st.DrawFn, member: Member, separator: st.SearchStrategy[str]) -> str:
    digits = "0" * draw(st.integers(0, 3)) + str(member.number)
    number = draw(st.sampled_from([digits, CHINESE_NUMERALS[member.number - 1]]))
    prefix = draw(st.sampled_from(["", *prefixes(member)]))
    return prefix + draw(separator) + number if prefix else number


@st.composite
def spellings(draw: st.DrawFn, member: Member) -> str:
    """The number, names, or both, in any form and with anything between that the manual allows."""
    separator = st.sampled_from([*SPACES, *MARKS])
    parts = draw(st.lists(st.sampled_from(names(member)), max_size=5))
    number = draw(numbers(member, separator))
    place = draw(st.sampled_from(["before", "after", "nowhere"]))
    if place == "before" or not parts:
        parts.insert(0, number)
    elif place == "after":
        parts.append(number)
    text = draw(separator) + "".join(part + draw(separator) for part in parts)
    text = draw(st.sampled_from(CASES))(text)
    return full_width(text) if draw(st.booleans()) else text


@pytest.mark.parametrize("name", BUILT_IN)
@settings(deadline=None, max_examples=400)
@given(data=st.data())
def test_every_accepted_spelling_names_its_member(name: str, data: st.DataObject) -> None:
    taxonomy = load_taxonomy(name)
    member = data.draw(st.sampled_from(members(taxonomy)))
    assert found(taxonomy, member, data.draw(spellings(member))) == member


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_name_and_number_alone_names_its_member(name: str) -> None:
    taxonomy = load_taxonomy(name)
    for member in members(taxonomy):
        assert found(taxonomy, member, member.number) == member
        for spelling in names(member):
            assert found(taxonomy, member, spelling) == member
            assert found(taxonomy, member, full_width(spelling.upper())) == member
    for strategy in taxonomy.strategies:
        assert taxonomy.strategy(strategy.label) == strategy


@pytest.mark.parametrize("label", ["⑤", "策略⑤ 情感管理", "⒌情感管理", "(5)", "㈤", "5 – EM", "情感管理…"])
def test_signs_that_fold_to_a_number_are_read(label: str) -> None:
    assert load_taxonomy("copc").strategy(label).id == "emotional_management"


def pieces(taxonomy: Taxonomy) -> st.SearchStrategy[str]:
    """Text made of what labels are made of, so that near misses are frequent."""
    words = [name for strategy in taxonomy.strategies for name in names(strategy)]
    words += [*CHINESE_NUMERALS, *map(str, range(15)), "策略", "strategy", "or", "not", "+", ",", *SPACES]
    return st.lists(st.sampled_from([*words, *MARKS]), max_size=6).map("".join)


def spells(text: str, strategy: Strategy) -> bool:
    """Whether the letters and digits of ``text`` are nothing but spellings of ``strategy``."""

    def letters(part: str) -> str:
        return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", part).casefold()))

    own = [re.escape(letters(name)) for name in (*names(strategy), *prefixes(strategy))]
    either = "|".join([*own, f"0*{strategy.number}", CHINESE_NUMERALS[strategy.number - 1]])
    return re.fullmatch(f"(?:{either})+", letters(text)) is not None


@pytest.mark.parametrize("name", BUILT_IN)
@settings(deadline=None, max_examples=600)
@given(data=st.data())
def test_any_text_is_a_label_error_or_spells_what_was_found(name: str, data: st.DataObject) -> None:
    taxonomy = load_taxonomy(name)
    text = data.draw(st.text() | st.text(min_size=1, max_size=4) | pieces(taxonomy))
    try:
        strategy = taxonomy.strategy(text)
    except LabelError:
        return
    assert spells(text, strategy)


def test_the_same_label_is_found_again_however_many_others_were_read() -> None:
    copc = load_taxonomy("copc")
    for count in range(5_000):
        padding = format(count, "b").replace("0", " ").replace("1", "-")
        assert copc.strategy("EM" + padding).id == "emotional_management"
    assert copc.strategy("EM").id == "emotional_management"


def test_names_are_found_in_prose_numbers_are_not() -> None:
    taxonomy = load_taxonomy("copc")
    prose = "Within 3 days: I would go for **Emotional Management** (情感管理), since she is upset."
    assert [strategy.id for strategy in taxonomy.strategies_named_in(prose)] == ["emotional_management"]
    assert [stage.id for stage in taxonomy.stages_named_in("先理解和识别问题，再寻求解决方案")] == [
        "identifying",
        "exploring",
    ]
    assert taxonomy.strategies_named_in("nothing of that kind") == ()
