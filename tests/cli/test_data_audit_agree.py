"""``csc-dspy data agree``: two files of annotations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csc_dspy.data import read
from tests.auditing.changed_labels import with_changed_labels
from tests.conftest import CSC


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    """The same dialogues, in B with one label in ten changed."""
    first = [*iter(read("csconv-sample:dev"))][:8]
    second, _ = with_changed_labels(first, seed=1)
    for name, conversations in (("a", first), ("b", second)):
        lines = (json.dumps(each.row(), ensure_ascii=False) + "\n" for each in conversations)
        (tmp_path / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    return "a.jsonl", "b.jsonl"


def test_kappa_and_what_to_discuss(csc: CSC, two: tuple[str, str], tmp_path: Path) -> None:
    done = csc("data", "agree", *two, "--json", "--out", "discuss.csv")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["a"], answer["b"], answer["dialogues"]) == (*two, 8)
    assert 0.8 < answer["strategy"]["kappa"]["value"] < 1
    assert answer["strategy"]["kappa"]["low"] < answer["strategy"]["kappa"]["high"]
    assert answer["stage"]["kappa"]["value"] == 1
    lines = (tmp_path / "discuss.csv").read_bytes().decode("utf-8-sig").splitlines()
    assert lines[0] == "dialogue,turn,about,a,b,text"
    assert len(lines) == 1 + len(answer["disagreements"]) > 5


def test_it_reads_well_and_is_written_whole(csc: CSC, two: tuple[str, str], tmp_path: Path) -> None:
    done = csc("data", "agree", *two, "--out", "all.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("8 dialogues, ")
    assert "disagreements" in done.stdout
    again = json.loads(csc("data", "agree", *two, "--json").stdout)
    assert json.loads((tmp_path / "all.json").read_text(encoding="utf-8")) == again


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("a.jsonl", "csconv-sample:test"), "is in A and not in B"),
        (("a.jsonl", "gone.jsonl"), "'gone.jsonl'"),
        (("a.jsonl",), "Missing argument"),
        (("a.jsonl", "b.jsonl", "--out", "all.txt"), "let it end in .json or .csv"),
    ],
)
def test_what_is_wrong_is_one_line(
    csc: CSC, two: tuple[str, str], arguments: tuple[str, ...], error: str
) -> None:
    assert two
    done = csc("data", "agree", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert error in line
