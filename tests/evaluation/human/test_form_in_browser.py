"""The form in a real browser: keys, clicks, memory, saving, and answers read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.conversations import Conversation, TurnExample
from csc_dspy.evaluation.human import read_answers, write_form
from csc_dspy.taxonomy import Language
from tests.support.browser import Page

Predict = Callable[[str, Callable[[TurnExample], Mapping[str, Any]]], Path]
SAID: dict[Language, tuple[str, str]] = {
    "en": ("Comparison 2 of 4, 1 complete", "Give your name or initials first."),
    "zh": ("第2题，共4题，已完成1题", "请先填写姓名或代号。"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_and_back(
    browser: Page,
    two: tuple[Path, Path],
    conversations: list[Conversation],
    tmp_path: Path,
    language: Language,
) -> None:
    form = write_form(*two, tmp_path / "form.html", data=conversations, count=4, language=language)
    browser.open(form.page)
    progress, no_name = SAID[language]
    # Whoever prefers A under every aspect, whichever side it is on, but for one tie and one doubt.
    for place in range(4):
        side = "1" if browser.text("#left").startswith("A: ") else "2"
        browser.press(side, "3" if place == 1 else side, "0" if place == 2 else side)
        if place == 0:
            assert browser.text("#progress") == progress
    browser.click("#download")
    assert browser.text("#said") == no_name
    browser.type("评分员 A")
    # Visiting again finds everything as it was left.
    browser.reopen(form.page, "document.querySelector('#rater').value === '评分员 A'")
    file = browser.downloaded("#download")
    assert file.name == f"answers-{json.loads(form.key.read_text())['form']}-评分员-A.json"
    found = read_answers(form.key, [file])
    assert found.raters == ("评分员 A",)
    counts = {name: (each.wins, each.ties, each.losses, each.unknown) for name, each in found.aspects.items()}
    assert counts == {"strategy": (4, 0, 0, 0), "empathy": (3, 1, 0, 0), "overall": (3, 0, 0, 1)}
    assert browser.errors == []
    assert {request.partition(":")[0] for request in browser.requests} <= {"file", "blob"}


def test_clicks_and_text_to_copy(
    browser: Page, two: tuple[Path, Path], conversations: list[Conversation], tmp_path: Path
) -> None:
    form = write_form(*two, tmp_path / "form.html", data=conversations, count=2, language="en")
    browser.open(form.page)
    for _ in range(2):
        browser.click("#overall-left")
        browser.click("#overall-right")
        browser.click("#onward")
    browser.click("#rater")
    # Digits belong to the name while it is typed.
    browser.press("7", "1")
    browser.click("#copy")
    copied = json.loads(browser.evaluate("document.querySelector('#text').value"))
    assert (copied["rater"], copied["answers"]) == ("71", [{"overall": "right"}] * 2)
    assert "2 comparisons are not complete yet, the first is number 1." in browser.text("#said")
    path = tmp_path / "pasted.json"
    path.write_text(json.dumps(copied), encoding="utf-8")
    found = read_answers(form.key, [path], partial=True).aspects
    assert (found["overall"].unknown, found["strategy"].unknown) == (0, 2)


def test_texts_are_texts(
    browser: Page, predict: Predict, conversations: list[Conversation], tmp_path: Path
) -> None:
    attack = (
        "</script><script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    )
    a = predict("a", lambda _: {"response": attack})
    b = predict("b", lambda _: {"response": "plain"})
    form = write_form(a, b, tmp_path / "form.html", data=conversations, count=2, language="en")
    browser.open(form.page)
    assert {browser.text("#left"), browser.text("#right")} == {attack, "plain"}
    assert browser.evaluate("document.title") == "Comparing responses"
    assert browser.evaluate("document.querySelectorAll('img').length") == 0
    assert browser.errors == []
    # Even an attack that found a way in would not be run.
    browser.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')"
    )
    assert browser.evaluate("new Promise((done) => setTimeout(() => done(document.title), 100))") == (
        "Comparing responses"
    )
    assert any("Content Security Policy" in error for error in browser.errors)


def test_it_fits_phones_and_follows_the_scheme(
    browser: Page, two: tuple[Path, Path], conversations: list[Conversation], tmp_path: Path
) -> None:
    browser.open(write_form(*two, tmp_path / "form.html", data=conversations, count=2).page)
    grounds = set()
    for dark in (False, True):
        for width in (360, 1200):
            browser.look(width=width, dark=dark)
            assert browser.evaluate("document.documentElement.scrollWidth") <= width
            left, right = (
                browser.evaluate(f"document.querySelector('#{side}').getBoundingClientRect().y")
                for side in ("left", "right")
            )
            assert (left == right) == (width == 1200)
        grounds.add(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_what_another_form_kept_is_not_taken_up(
    browser: Page, two: tuple[Path, Path], conversations: list[Conversation], tmp_path: Path
) -> None:
    path = tmp_path / "form.html"
    browser.open(write_form(*two, path, data=conversations, count=2, language="en", seed=1).page)
    browser.press("1", "1", "1")
    form = json.loads(browser.evaluate("document.querySelector('#data').textContent"))["form"]
    (tmp_path / "form.key.json").unlink()
    browser.open(write_form(*two, path, data=conversations, count=2, language="en", seed=2).page)
    assert browser.text("#progress") == "Comparison 1 of 2, 0 complete"
    # Nor what is damaged.
    damaged = '{"rater": 3, "place": 99, "answers": [{"overall": "evil"}, {"overall": "tie"}]}'
    keeping = (
        "localStorage.setItem('csc-dspy-form-'"
        f" + JSON.parse(document.querySelector('#data').textContent).form, '{damaged}')"
    )
    shown = "document.querySelector('#progress').innerText"
    browser.reopen(path, f"{shown} === 'Comparison 2 of 2, 0 complete'", keeping=keeping)
    assert browser.evaluate("document.querySelectorAll('[aria-pressed=true]').length") == 1
    assert browser.evaluate(f"localStorage.getItem('csc-dspy-form-{form}')") is not None
