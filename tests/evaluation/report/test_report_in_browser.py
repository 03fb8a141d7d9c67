"""The page in a real browser: it filters, it fits, it stays at home, and texts in it do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from csc_dspy.evaluation.report import write_report
from tests.evaluation.report.evaluated import Evaluated, nasty
from tests.support.browser import Page, browsing, chromium

SHOWN = (
    "[...document.querySelectorAll('#list > details:not([hidden])')]"
    ".map(each => each.querySelector('b').innerText)"
)
COUNT = "document.getElementById('count').innerText"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for all of them."""
    command = chromium()
    if command is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with browsing(command, tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture
def tab(started: Page) -> Iterator[Page]:
    """A page whose console has to stay silent."""
    started.look(width=1280)
    yield started
    assert started.errors == []


def choose(tab: Page, name: str, value: str) -> None:
    tab.evaluate(
        f"(field => {{ field.value = {value!r};"
        "field.dispatchEvent(new Event('input', {bubbles: true})) })"
        f"(document.forms[0].elements[{name!r}])"
    )


def tick(tab: Page, name: str) -> None:
    tab.evaluate(f"document.forms[0].elements[{name!r}].click()")


def shown(tab: Page) -> set[str]:
    found = tab.evaluate(SHOWN)
    assert len(found) == len(set(found))
    return set(found)


def test_all_are_shown_at_first_and_nothing_is_asked_for(
    tab: Page, page: Path, evaluation: Evaluated
) -> None:
    tab.open(page)
    assert tab.evaluate("document.forms[0].hidden") is False
    assert shown(tab) == {conversation.id for conversation, _ in evaluation.dialogues}
    assert tab.evaluate(COUNT) == "30 of 30 conversations shown."
    assert tab.requests == [page.resolve().as_uri()]


def test_language(tab: Page, page: Path, evaluation: Evaluated) -> None:
    tab.open(page)
    choose(tab, "language", "zh")
    assert shown(tab) == {each.id for each, _ in evaluation.dialogues if each.spoken_language == "zh"}
    assert tab.evaluate("location.hash") == "#language=zh"


@pytest.mark.parametrize("words", ["thank you", "身份证", "ＴＨＡＮＫ"])
def test_search(tab: Page, page: Path, evaluation: Evaluated, words: str) -> None:
    tab.open(page)
    choose(tab, "q", words)
    sought = ("thank",) if words == "ＴＨＡＮＫ" else words.split()
    expected = {
        conversation.id
        for conversation, _ in evaluation.dialogues
        if all(
            word in f"{conversation.topic} {[turn.text for turn in conversation.dialogue]}".casefold()
            for word in sought
        )
    }
    assert 0 < len(expected) < 30
    assert shown(tab) == expected


def test_expected_predicted_and_context_hold_for_the_same_answer(
    tab: Page, page: Path, evaluation: Evaluated
) -> None:
    pairs = [
        (conversation.id, attempt.example.turn.strategy, attempt.predicted.strategy)
        for conversation, attempts in evaluation.dialogues
        for attempt in attempts["generated"]
    ]
    _, gold, said = next((name, gold, said) for name, gold, said in pairs if gold and said and gold != said)
    assert gold is not None
    assert said is not None
    tab.open(page)
    choose(tab, "expected", gold.abbreviation)
    choose(tab, "predicted", said.abbreviation)
    choose(tab, "context", "generated")
    found = [name for name, *pair in pairs if pair == [gold, said]]
    assert shown(tab) == set(found)
    assert tab.evaluate("document.querySelectorAll('.turn.match').length") == len(found)
    answers = "answer" if len(found) == 1 else "answers"
    assert tab.evaluate(COUNT).endswith(f"shown with {len(found)} matching {answers}.")
    # What belongs to the other context is not shown.
    tab.evaluate("document.querySelector('#list > details:not([hidden])').open = true")
    cells = "[...document.querySelector('details[open] .turn').children].map(each => each.offsetWidth > 0)"
    assert tab.evaluate(cells) == [True, False, True]


def test_only_wrong_and_with_failures(tab: Page, page: Path, evaluation: Evaluated) -> None:
    tab.open(page)
    tick(tab, "failed")
    failed = {
        conversation.id
        for conversation, attempts in evaluation.dialogues
        if any(attempt.predicted.error for of in attempts.values() for attempt in of)
    }
    assert 0 < len(failed) < 30
    assert shown(tab) == failed
    assert tab.evaluate("location.hash") == "#failed=1"
    tick(tab, "failed")
    tick(tab, "wrong")
    choose(tab, "expected", "GT")
    wrong = {
        conversation.id
        for conversation, attempts in evaluation.dialogues
        for of in attempts.values()
        for attempt in of
        if (gold := attempt.example.turn.strategy)
        and gold.id == "greeting"
        and attempt.predicted.strategy != gold
    }
    assert shown(tab) == wrong


def test_no_answer_can_be_filtered_for(tab: Page, page: Path) -> None:
    tab.open(page, "#predicted=none")
    none = shown(tab)
    tab.open(page, "#failed=1")
    assert none == shown(tab)


def test_address_keeps_what_is_chosen_and_reset_clears_it(tab: Page, page: Path) -> None:
    tab.open(page)
    choose(tab, "q", "order 订单 & #=")
    choose(tab, "language", "en")
    tick(tab, "wrong")
    state = tab.evaluate("location.hash")
    before = tab.evaluate(COUNT)
    tab.open(page, state)
    assert tab.evaluate("[...new FormData(document.forms[0])].filter(([, value]) => value)") == [
        ["q", "order 订单 & #="],
        ["language", "en"],
        ["wrong", "1"],
    ]
    assert tab.evaluate(COUNT) == before
    tab.evaluate("document.querySelector('[type=reset]').click()")
    tab.until(f"{COUNT} === '30 of 30 conversations shown.'")
    assert tab.evaluate("location.hash") == "#conversations"


def test_unknown_state_is_ignored(tab: Page, page: Path) -> None:
    tab.open(page, "#expected=nonsense&language=xx&foo=bar&__proto__=x")
    assert tab.evaluate(COUNT) == "30 of 30 conversations shown."


def test_link_of_a_mistake_filters(tab: Page, page: Path) -> None:
    tab.open(page)
    tab.evaluate("document.querySelector('#strategies a').click()")
    tab.until("document.forms[0].elements.expected.value !== ''")
    assert tab.evaluate("document.forms[0].elements.context.value") == "reference"
    times = tab.evaluate("document.querySelector('#strategies a').closest('tr').children[2].innerText")
    tab.until(f"{COUNT}.endsWith('with {times} matching answers.')")


def test_links_of_the_contents_leave_the_filters_alone(tab: Page, page: Path) -> None:
    tab.open(page)
    choose(tab, "language", "en")
    before = tab.evaluate(COUNT)
    tab.evaluate("document.querySelector('nav a').click()")
    tab.until("location.hash === '#scores'")
    assert tab.evaluate(COUNT) == before
    assert tab.evaluate("document.forms[0].elements.language.value") == "en"


def test_open_and_close_all(tab: Page, page: Path) -> None:
    tab.open(page)
    choose(tab, "language", "zh")
    tab.evaluate("document.getElementById('open').click()")
    assert tab.evaluate("document.querySelectorAll('#list > details[open]').length") == 15
    tab.evaluate("document.getElementById('close').click()")
    assert tab.evaluate("document.querySelectorAll('#list > details[open]').length") == 0


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_page_never_scrolls_sideways(tab: Page, page: Path, width: int) -> None:
    tab.look(width=width)
    tab.open(page)
    tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_keyboard_reaches_the_filters(tab: Page, page: Path) -> None:
    tab.open(page)
    tab.evaluate("document.querySelector('nav a:last-child').focus()")
    reached: list[str] = []
    for _ in range(80):
        tab.press("Tab")
        reached.append(
            tab.evaluate(
                "document.activeElement.name || document.activeElement.id || document.activeElement.tagName"
            )
        )
        if reached[-1] == "close":
            break
    names = ["q", "context", "language", "expected", "predicted", "wrong", "failed"]
    assert [name for name in reached if name in names] == names
    assert reached[-1] == "close"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.evaluate("document.forms[0].elements.q.focus()")
    tab.type("身份证")
    tab.until(f"!{COUNT}.startsWith('30 of')")


def test_colours_follow_the_reader(tab: Page, page: Path) -> None:
    def brightness(of: str) -> int:
        colour = tab.evaluate(
            f"getComputedStyle(document.querySelector({of!r})).{'fill' if 'svg' in of else 'backgroundColor'}"
        )
        return sum(int(part) for part in colour[4:-1].split(","))

    tab.open(page)
    assert brightness("body") > 700
    light = brightness("svg text")
    tab.look(dark=True)
    assert brightness("body") < 100
    assert brightness("svg text") > light + 100


def test_paper_is_white_even_in_the_dark(tab: Page, page: Path) -> None:
    tab.look(dark=True, printed=True)
    tab.open(page)
    assert (
        tab.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert tab.evaluate("getComputedStyle(document.forms[0]).display") == "none"


def test_texts_of_data_do_not_run(tab: Page, tmp_path: Path) -> None:
    found = nasty()
    write_report(tmp_path / "report.html", found.scores, found.stream())
    tab.open(tmp_path / "report.html")
    tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert tab.evaluate("typeof window.broken") == "undefined"
    assert tab.evaluate("document.images.length") == 0
    assert tab.evaluate(COUNT) == "1 of 1 conversations shown."
    assert len(tab.requests) == 1


def test_policy_stops_scripts_that_get_in_all_the_same(started: Page, page: Path) -> None:
    started.open(page)
    started.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.broken = 1\">');"
        "const script = document.createElement('script'); script.textContent = 'window.broken = 2';"
        "document.body.append(script);"
        "new Promise(done => setTimeout(done, 50))"
    )
    assert started.evaluate("typeof window.broken") == "undefined"
    assert any("Content Security Policy" in str(event) for event in started.errors)
