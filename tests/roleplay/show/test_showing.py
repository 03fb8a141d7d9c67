"""Conversations as people see them: nothing is lost, nothing hidden, nothing runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import csc_dspy as csc
from csc_dspy.conversations import Conversation, Turn
from csc_dspy.exceptions import DataError
from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.output import Corpus
from csc_dspy.roleplay.showing import Shown, lines, page, select
from csc_dspy.roleplay.showing.folding import folded
from csc_dspy.roleplay.showing.wording import visible
from csc_dspy.taxonomy import Language
from tests.roleplay.played import COPC, plays
from tests.support.browser import Page

HOSTILE = (
    "</script></p><script>document.title='caught'</script><img src=x onerror=\"document.title='caught'\">"
)
ESCAPE = re.compile(r"\x1b\[[\d;]*m")


def shown(language: Language = "zh", **known: object) -> Shown:
    one = next(plays(language, 1)).conversation(COPC)
    return Shown(1, one.model_copy(update=known))


@given(st.text("我的卡，。（）ab c,.!?😀\u3000x", max_size=60), st.integers(2, 20))
def test_folding_loses_no_letter_and_keeps_to_the_width(text: str, width: int) -> None:
    found = folded(text, width)
    assert "".join("".join(found).split()) == "".join(text.split())
    # Marks that may not begin a line can be more than fit; then they are cut up like a long word.
    assert all(cell_len(line) <= width for line in found)


def test_folding_keeps_marks_where_they_belong() -> None:
    assert folded("好的，我马上给您办理。请稍等", 10) == ["好的，我马", "上给您办", "理。请稍等"]
    assert folded("他说（卡丢了）", 6) == ["他说", "（卡丢", "了）"]
    assert folded("a long sentence of words", 10) == ["a long", "sentence", "of words"]
    assert folded("abcdefghijkl", 5) == ["abcde", "fghij", "kl"]
    assert folded("one\ntwo", None) == ["one", "two"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [40, 80])
def test_in_a_terminal_no_line_is_too_wide_and_nothing_is_missing(language: Language, width: int) -> None:
    one = shown(language)
    drawn = lines(one, width=width, colours=True)
    plain = ESCAPE.sub("", drawn)
    assert plain != drawn
    assert max(map(cell_len, plain.split("\n"))) <= max(width, 60)
    squeezed = "".join(plain.split())
    for turn in one.conversation.dialogue:
        assert "".join(turn.text.split()) in squeezed
        if turn.strategy:
            assert "".join(f"[{turn.strategy.name[language]}]{turn.text}".split()) in squeezed
    for stage in {each.name[language] for each in one.conversation.stages()}:
        assert f"── {stage}" in plain
    assert str(one.conversation.customer_goal) in plain


def test_in_a_pipe_a_turn_is_one_line_without_colours() -> None:
    one = shown("en")
    drawn = lines(one, width=None, colours=False)
    assert "\x1b" not in drawn
    for number, turn in enumerate(one.conversation.dialogue, 1):
        label = f"[{turn.strategy.name.en}] " if turn.strategy else ""
        speaker = "Supporter" if turn.strategy else "Customer "
        assert f"{number:>4}  {speaker}  {label}{turn.text}\n" in drawn


def test_what_would_steer_the_terminal_is_visible() -> None:
    assert visible("a\x1b[31mb\x07\tc\u3000d\u202eon") == "a␛[31mb␇ c d<U+202E>on"
    assert visible("👩‍👧 okay\nnew") == "👩‍👧 okay\nnew"
    turn = Turn(speaker="customer", text="\x1b]0;caught\x07\x1b[2J")
    one = Shown(1, Conversation(id="\x1b[31mred", topic="a\rb", dialogue=(turn,)), (Flaw("x", "\x1b[1m"),))
    drawn = lines(one, width=80, colours=False)
    assert "\x1b" not in drawn
    assert "\r" not in drawn
    assert "\x1b[31m" not in lines(one, width=80, colours=True).replace("\x1b[31m✗", "")


def test_a_rejected_one_says_why_and_where() -> None:
    one = shown("en")
    wrong = Shown(1, one.conversation, (Flaw("language", "is not en", 2), Flaw("pattern", "again")))
    drawn = lines(wrong, width=None, colours=False)
    assert "✗ language  2: is not en\n✗ pattern  again\n" in drawn
    assert "  ✗2  Customer" in drawn
    assert wrong.row()["reasons"][0] == {"reason": "language", "detail": "is not en", "turn": 2}
    assert "reasons" not in one.row()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    with Corpus(out, COPC) as corpus:
        for number, each in enumerate(plays("zh", 4)):
            if number == 1:
                corpus.reject(each, [Flaw("pattern", "again", 3)])
            else:
                corpus.keep(each)
        corpus.finish({})
    return out


def test_choosing(folder: Path) -> None:
    kept = [*select(str(folder))]
    assert [each.place for each in kept] == [1, 2, 3]
    (rejected,) = select(str(folder), rejected=True)
    assert rejected.flaws == (Flaw("pattern", "again", 3),)
    assert [*select(str(folder / "rejected.jsonl"))] == [rejected]
    assert [*select(str(folder), dialogue="2")] == [
        *select(str(folder), dialogue=str(kept[1].conversation.id))
    ]
    assert len([*select("rolecs-sample", language="en", limit=3)]) == 3
    assert len([*select("rolecs-sample", language="en")]) == 40


def test_what_is_not_there_is_said(folder: Path, tmp_path: Path) -> None:
    for wrong in ("9", "nobody"):
        with pytest.raises(DataError, match="no dialogue"):
            list(select(str(folder), dialogue=wrong))
    with pytest.raises(DataError, match="is no folder of a role play"):
        list(select(str(tmp_path), rejected=True))


def test_the_page_is_searched_and_read(tmp_path: Path, browser: Page) -> None:
    found = [*select("rolecs-sample")]
    file = tmp_path / "page.html"
    file.write_text(page("rolecs-sample", found), encoding="utf-8")
    browser.look(width=420)
    browser.open(file)
    assert browser.errors == []
    assert len(browser.requests) == 1
    assert browser.evaluate("document.documentElement.scrollWidth") <= 420
    assert browser.text("#count") == "80 of 80 conversations shown."
    browser.evaluate("document.querySelector('[name=q]').focus()")
    browser.type("大额存单 老伴")
    said = [" ".join(turn.text for turn in each.conversation.dialogue) for each in found]
    expected = sum("大额存单" in text and "老伴" in text for text in said)
    assert expected >= 1
    browser.until(f"document.querySelector('#count').textContent.startsWith('{expected} of 80')")
    browser.evaluate(
        "(() => { const f = document.getElementById('filters'); f.elements.q.value = '';"
        "f.elements.strategy.value = 'others'; f.dispatchEvent(new Event('input')); })()"
    )
    others = sum(
        any(turn.strategy and turn.strategy.id == "others" for turn in each.conversation.dialogue)
        for each in found
    )
    assert browser.text("#count") == f"{others} of 80 conversations shown."
    browser.click("#list > details:not([hidden]) > summary")
    assert browser.text("#list > details[open] .said p")


def test_nothing_that_is_said_runs(tmp_path: Path, browser: Page) -> None:
    turn = Turn(speaker="customer", text=HOSTILE)
    one = Conversation(
        id=HOSTILE, topic=HOSTILE, scenario=HOSTILE, profile={HOSTILE: HOSTILE}, dialogue=(turn,)
    )
    file = tmp_path / "page.html"
    file.write_text(page(HOSTILE, [Shown(1, one, (Flaw("x", HOSTILE, 1),))]), encoding="utf-8")
    browser.open(file)
    assert browser.errors == []
    assert browser.evaluate("document.title") == HOSTILE
    assert browser.text(".said p") == HOSTILE
    assert browser.evaluate("document.images.length") == 0


def test_the_page_says_that_there_are_more() -> None:
    one = [*select("rolecs-sample", limit=1)]
    assert "The first 1 conversation." in page("x", one, more=True)
    assert "The first" not in page("x", one)


def test_every_sample_can_be_drawn() -> None:
    for source in ("rolecs-sample", "csconv-sample"):
        count = sum(1 for each in select(source) if lines(each, width=60, colours=True))
        assert count == len(csc.read(source))
