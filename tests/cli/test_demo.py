"""``csc-dspy demo``: compile, evaluate, report, without a network or a key."""

from __future__ import annotations

import json
from pathlib import Path

from csc_dspy.compiled import load
from tests.conftest import CSC


def test_the_whole_way_and_again(csc: CSC, tmp_path: Path) -> None:
    first = csc("demo", "--json", timeout=300)
    assert first.returncode == 0, first.stderr
    assert [line.split(":")[0] for line in first.stderr.splitlines()] == ["zh", "en"]
    scores = json.loads(first.stdout)
    assert {"reference", "generated", "comparison"} <= scores.keys()
    for context in ("reference", "generated"):
        assert scores["comparison"][context]["ACC"]["verdict"] == "better"
        assert scores[context]["failures"] == 0
    folder = tmp_path / "runs" / "demo"
    assert (folder / "report.html").is_file()
    assert load(folder / "zh").options.language == "zh"

    again = csc("demo", timeout=300)
    assert again.returncode == 0
    assert again.stderr.splitlines()[:2] == ["runs/demo/zh is there already", "runs/demo/en is there already"]
    assert "uncompiled" in again.stdout
    assert "embedded engine (a baseline)" in again.stdout


def test_a_damaged_program_is_compiled_anew(csc: CSC, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "zh"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    done = csc("demo", "--out", "out", timeout=300)
    # What is not an artifact of ours is never replaced.
    assert done.returncode == 2
    assert "out/zh" in done.stderr
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
