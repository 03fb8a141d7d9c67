"""``docs/evaluation.md`` shows what works."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from csc_dspy.data import read
from csc_dspy.evaluation import evaluate
from tests.evaluation.dialogues import write_rows

MANUAL = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page speaks of: each line of theirs is like the one that is shown."""
    monkeypatch.chdir(tmp_path)
    shown = json.loads(blocks("json")[0])
    test = list(read("csconv-sample:test"))
    lines = [
        {**shown, "dialogue": conversation.id, "turn": index}
        for conversation in test
        for index, _ in conversation.supporter_turns()
    ]
    write_rows(tmp_path / "theirs.jsonl", lines)
    evaluate("support-agent", test[:8], out="runs/agent-of-eight")
    return tmp_path


def test_the_commands(folder: Path) -> None:
    program = folder / "csc-dspy"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m csc_dspy "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    commands = "".join(blocks("sh"))
    assert commands.count("csc-dspy evaluate") == 5
    done = subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=folder,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    runs = {path.name for path in (folder / "runs").iterdir() if (path / "scores.json").exists()}
    assert runs == {"agent", "predictor", "compared", "theirs", "agent-of-eight"}


def test_the_example_in_python(capsys: pytest.CaptureFixture[str]) -> None:
    exec(blocks("python")[0], {})
    shown = capsys.readouterr().out
    assert "generated" in shown
    assert shown.splitlines()[-1].endswith(" 0")
