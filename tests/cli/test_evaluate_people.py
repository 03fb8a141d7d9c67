"""``csc-dspy evaluate --human`` and ``--answers``: a form goes out, answers come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.conversations import turn_examples
from csc_dspy.data import read
from tests.conftest import CSC

DATA = ("--data", "csconv-sample", "--split", "dev")


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    """Predictions of two systems, of which A says what people said."""
    examples = list(turn_examples(read("csconv-sample:dev")))
    for name in ("a", "b"):
        rows = [
            {
                "dialogue": example.conversation.id,
                "turn": example.index,
                "strategy": "ID",
                "response": example.turn.text if name == "a" else f"… {example.index}",
            }
            for example in examples
        ]
        lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return "a.jsonl", "b.jsonl"


def filled_in(key: dict[str, Any], rater: str) -> str:
    """Answers of a rater who always prefers A."""
    answers = [
        dict.fromkeys(key["aspects"], "left" if item["left"] == "a" else "right") for item in key["items"]
    ]
    return json.dumps({"format": 1, "form": key["form"], "rater": rater, "answers": answers})


def test_there_and_back(csc: CSC, two: tuple[str, str], tmp_path: Path) -> None:
    done = csc("evaluate", "--human", *two, *DATA, "--count", "6", "--out", "form.html", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"form": "form.html", "key": "form.key.json", "items": 6}
    key = json.loads((tmp_path / "form.key.json").read_text(encoding="utf-8"))
    for rater in ("Ann", "李"):
        (tmp_path / f"{rater}.json").write_text(filled_in(key, rater), encoding="utf-8")
    answers = ("--answers", "Ann.json", "--answers", "李.json", "--form", "form.html")
    shown = csc("evaluate", *answers)
    assert shown.returncode == 0
    assert "2 raters" in shown.stdout
    assert "Ann and 李" in shown.stdout
    told = json.loads(csc("evaluate", *answers, "--json").stdout)
    assert told["raters"] == ["Ann", "李"]
    for aspect in told["aspects"].values():
        assert (aspect["wins"], aspect["ties"], aspect["losses"]) == (12, 0, 0)
        assert aspect["win"]["value"] == 100.0


def test_it_says_where_the_form_and_the_key_are(csc: CSC, two: tuple[str, str]) -> None:
    done = csc("evaluate", "--human", *two, *DATA, "--count", "2", "--language", "en", "--out", "form.html")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "form.html has 2 comparisons: send it to the raters",
        "form.key.json says whose responses are whose: keep it",
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--human", "a.jsonl", "b.jsonl"), "--human needs --out"),
        (("--human", "a.jsonl", "b.jsonl", "--out", "form.txt"), "is to be an HTML file"),
        (("--human", "a.jsonl", "gone.jsonl", *DATA, "--out", "f.html"), "gone.jsonl"),
        (("--human", "a.jsonl", "b.jsonl", "--judge", "quality"), "does not go together with --human"),
        (("--human", "a.jsonl", "b.jsonl", "--program", "stage-tracker"), "--human does not go together"),
        (("support-agent", "--answers", "a.json"), "--answers does not go together with a program"),
        (("--answers", "a.json"), "--answers needs --form"),
        (("--answers", "a.json", "--form", "gone.html"), "gone.key.json"),
    ],
)
def test_what_is_wrong_is_one_line(
    csc: CSC, two: tuple[str, str], arguments: tuple[str, ...], error: str
) -> None:
    assert two
    done = csc("evaluate", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert error in line
