"""``docs/auditing.md`` says what happens."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import csc_dspy
from csc_dspy import auditing
from csc_dspy.auditing.cleaning import CHANGES, CORPUS, MANIFEST
from csc_dspy.auditing.rules import rules_for
from csc_dspy.auditing.sheet import PAGE, RESULT, TABLE
from csc_dspy.data import read
from csc_dspy.taxonomy import load_taxonomy
from tests.conftest import CSC

MANUAL = (Path(__file__).parents[2] / "docs" / "auditing.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = [*iter(read("csconv-sample:dev"))][:3]
    # A part of the sample is enough to see that the lines run.
    monkeypatch.setattr(csc_dspy, "read", lambda *_, **__: Small(small))
    names: dict[str, Any] = {}
    for block in blocks("python"):
        for line in block.splitlines():
            exec(line, names)
            expression, comment, value = line.partition("  # ")
            assert not comment or eval(expression, names) == eval(value)
    assert (tmp_path / "review" / "review.html").exists()
    assert (tmp_path / "csconv-2" / "corpus.jsonl").exists()


class Small(list[Any]):
    taxonomy = load_taxonomy()


def test_the_commands_run(csc: CSC, tmp_path: Path) -> None:
    rows = [json.dumps(each.row(), ensure_ascii=False) for each in [*iter(read("csconv-sample:dev"))][:3]]
    for name in ("calls.jsonl", "ann.jsonl", "li.jsonl"):
        (tmp_path / name).write_text("\n".join(rows), encoding="utf-8")
    for command in blocks("console"):
        _, program, *arguments = shlex.split(command)
        assert program == "csc-dspy"
        if "csconv-sample" in arguments:
            arguments[arguments.index("csconv-sample")] = "calls.jsonl"
        done = csc(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "calls-2" / "corpus.jsonl").exists()
    assert (tmp_path / "discuss.csv").exists()


def test_names_are_right() -> None:
    for name in (TABLE, PAGE, RESULT, CORPUS, CHANGES, MANIFEST):
        assert f"`{name}`" in MANUAL
    assert "three that follow from the order of stages" in MANUAL
    assert len(rules_for(load_taxonomy("esconv"))) == 3
    assert set(auditing.__all__) >= set(
        re.findall(r"^from csc_dspy.auditing import (.*)$", MANUAL, re.MULTILINE)[0].split(", ")
    )
