"""Answers read back: counts by hand, agreement by scikit-learn, and files that do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from csc_dspy.conversations import Conversation
from csc_dspy.evaluation.human import Form, read_answers, write_form
from csc_dspy.evaluation.human.comparison import preference, sign_test
from csc_dspy.exceptions import ConfigError, DataError

ASPECTS = ["strategy", "empathy", "overall"]
COUNT = 12


@pytest.fixture
def form(two: tuple[Path, Path], conversations: list[Conversation], tmp_path: Path) -> Form:
    return write_form(*two, tmp_path / "form.html", data=conversations, count=COUNT, seed=5)


Answer = Callable[..., Path]


@pytest.fixture
def answer(form: Form, tmp_path: Path) -> Answer:
    """Write a rater's file: for each item whom they prefer, under every aspect alike."""
    hidden = json.loads(form.key.read_text(encoding="utf-8"))

    def write(name: str, preferred: Sequence[str], **changed: Any) -> Path:  # noqa: ANN401  fields of the file
        answers = [
            dict.fromkeys(ASPECTS, _side(item["left"], whom))
            for item, whom in zip(hidden["items"], preferred, strict=True)
        ]
        row = {"format": 1, "form": hidden["form"], "rater": name, "answers": answers, **changed}
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
        return path

    return write


def _side(left: str, whom: str) -> str:
    if whom in {"tie", "unknown"}:
        return whom
    return "left" if whom == left else "right"


def test_one_rater(form: Form, answer: Answer) -> None:
    found = read_answers(form.key, [answer("甲", ["a"] * 7 + ["tie"] * 2 + ["b"] * 2 + ["unknown"])])
    overall = found.aspects["overall"]
    assert (overall.wins, overall.ties, overall.losses, overall.unknown) == (7, 2, 2, 1)
    assert overall.win.value == pytest.approx(100 * 7 / 11)
    assert overall.net.value == pytest.approx(100 * 5 / 11)
    # 2 or fewer of 9: (1 + 9 + 36) / 512, and as many on the other side.
    assert overall.p_value == pytest.approx(2 * 46 / 512)
    assert (found.raters, found.items, found.pairs) == (("甲",), COUNT, ())
    assert found.a.endswith("system-secret-a.jsonl")
    assert json.loads(json.dumps(found.to_dict()))["aspects"]["overall"]["wins"] == 7


def test_several_raters(form: Form, answer: Answer) -> None:
    said = {
        "x": ["a"] * 6 + ["b"] * 3 + ["tie"] * 3,
        "y": ["a"] * 4 + ["b"] * 2 + ["tie"] * 3 + ["a"] * 3,
        "z": ["b", "a"] * 5 + ["unknown", "tie"],
    }
    found = read_answers(form.key, [answer(rater, each) for rater, each in said.items()])
    assert found.raters == ("x", "y", "z")
    every = [each for choices in said.values() for each in choices]
    overall = found.aspects["overall"]
    assert [overall.wins, overall.ties, overall.losses, overall.unknown] == [
        every.count(each) for each in ("a", "tie", "b", "unknown")
    ]
    assert [pair.raters for pair in found.pairs] == [("x", "y"), ("x", "z"), ("y", "z")]
    for pair in found.pairs:
        both = [
            ratings
            for ratings in zip(*(said[rater] for rater in pair.raters), strict=True)
            if "unknown" not in ratings
        ]
        kappa = pair.agreement["empathy"].kappa
        assert kappa.value == pytest.approx(cohen_kappa_score(*zip(*both, strict=True)))
        assert pair.agreement["empathy"].units == len(both)
    assert found.agreement["overall"].kappa.value is None
    assert found.agreement["overall"].alpha.value is not None


def test_sign_test_by_hand() -> None:
    assert sign_test([1] * 5) == pytest.approx(2 / 32)
    assert sign_test([1, -1, 0, 0]) == 1
    assert sign_test([3] * 8 + [-1] * 2) == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert sign_test([0, 0]) is sign_test([]) is None


def test_an_item_has_one_vote_in_the_sign_test() -> None:
    once = preference({"x": ["a"] * 4}, list("abcd"))
    thrice = preference({rater: ["a"] * 4 for rater in "xyz"}, list("abcd"))
    assert once.p_value == thrice.p_value == pytest.approx(2 / 16)
    assert thrice.wins == 12


def test_turns_of_a_dialogue_are_drawn_together() -> None:
    choices = ["a", "b"] * 20
    apart = preference({"x": choices}, [str(number) for number in range(40)])
    together = preference({"x": choices}, choices)
    for found in (apart, together):
        assert found.net.value == 0
        assert found.net.high is not None
    # Of two dialogues, one all wins and one all losses, a resample may well hold one alone.
    assert together.net.high == 100
    assert apart.net.high is not None
    assert apart.net.high < 40


def test_nothing_judged() -> None:
    found = preference({"x": [None, None]}, ["a", "b"])
    assert (found.unknown, found.p_value, found.win.value, found.net.value) == (2, None, None, None)


def test_gaps_are_refused_unless_allowed(form: Form, answer: Answer) -> None:
    path = answer("x", ["a"] * COUNT)
    row = json.loads(path.read_text(encoding="utf-8"))
    del row["answers"][4]["empathy"]
    row["answers"][7] = {}
    path.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(DataError, match=r"4 answers are missing, the first is 'empathy' of comparison 5"):
        read_answers(form.key, [path])
    found = read_answers(form.key, [path], partial=True)
    assert (found.aspects["empathy"].wins, found.aspects["empathy"].unknown) == (10, 2)
    assert found.aspects["overall"].wins == 11


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"form": "0123456789abcdef"}, "answers another form, 0123456789abcdef"),
        ({"answers": [{"overall": "left"}] * (COUNT + 1)}, "answers 13 comparisons"),
        ({"answers": [{"taste": "left"}] * COUNT}, "answers the question 'taste'"),
        ({"answers": [{"overall": "LEFT"}] * COUNT}, "is no file of answers"),
        ({"rater": " "}, "is no file of answers: rater"),
        ({"format": 2}, "is no file of answers: format"),
        ({"extra": 1}, "is no file of answers: extra"),
    ],
)
def test_foreign_files_are_refused(form: Form, answer: Answer, changed: dict[str, Any], problem: str) -> None:
    path = answer("x", ["a"] * COUNT, **changed)
    with pytest.raises(DataError) as caught:
        read_answers(form.key, [answer("y", ["b"] * COUNT), path])
    assert problem in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_missing_and_duplicate_files_are_refused(form: Form, answer: Answer, tmp_path: Path) -> None:
    path = answer("Ann", ["a"] * COUNT)
    copy = tmp_path / "copy.json"
    copy.write_bytes(path.read_bytes().replace(b"Ann", b" ann "))
    with pytest.raises(DataError, match=r"copy\.json: has answers of ' ann ', and so has .*Ann\.json"):
        read_answers(form.key, [path, copy])
    with pytest.raises(DataError, match=r"none\.json: cannot be read: No such file"):
        read_answers(form.key, [tmp_path / "none.json"])
    with pytest.raises(ConfigError, match="there are no answers"):
        read_answers(form.key, [])
    with pytest.raises(DataError, match="is no key of a form"):
        read_answers(path, [path])
    with pytest.raises(DataError, match="is no file of answers"):
        read_answers(form.key, [form.key])
    copy.write_text("<html>", encoding="utf-8")
    with pytest.raises(DataError, match="is no file of answers: Invalid JSON"):
        read_answers(form.key, [copy])
