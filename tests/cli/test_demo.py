"""``csc-dspy demo``: compile, evaluate, report, without a network or a key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csc_dspy.compiled import load
from tests.conftest import CSC


def test_the_whole_way_and_again(csc: CSC, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))
    first = csc("demo", "--json", timeout=300)
    assert first.returncode == 0, first.stderr
    assert [line.split(":")[0] for line in first.stderr.splitlines()] == [
        f"{language}, compiled to {target}"
        for target in ("prompts", "fine-tuning data")
        for language in ("zh", "en")
    ]
    scores = json.loads(first.stdout)
    assert {"reference", "generated", "comparison"} <= scores.keys()
    for context in ("reference", "generated"):
        assert scores["comparison"][context]["ACC"]["verdict"] == "better"
        assert scores[context]["failures"] == 0
        assert scores["finetuned"][context]["failures"] == 0
    # The same dialogues, and more of them right.
    assert scores["finetuned"]["generated"]["ACC"]["value"] > scores["generated"]["ACC"]["value"]
    folder = tmp_path / "runs" / "demo"
    assert (folder / "report.html").is_file()
    assert load(folder / "zh").options.language == "zh"
    models = {load(folder / "finetuned" / language).compiled_for for language in ("zh", "en")}
    (model,) = models
    assert model is not None
    assert model.startswith("embedded/")

    again = csc("demo", timeout=300)
    assert again.returncode == 0
    assert again.stderr.splitlines()[:4] == [
        f"runs/demo/{place} is there already" for place in ("zh", "en", "finetuned/zh", "finetuned/en")
    ]
    for row in ("uncompiled", "compiled to prompts", "compiled to fine-tuning data"):
        assert f" {row} " in again.stdout
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
