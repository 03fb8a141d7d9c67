"""``docs/data.md`` says what happens."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.data import read
from csc_dspy.data.readers import FORMS, ROW_LIMIT
from csc_dspy.data.readers.folder import SUFFIXES
from csc_dspy.data.writers import FORMS as WRITTEN

MANUAL = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page speaks of."""
    (row,) = blocks("json")
    (tmp_path / "call.json").write_text(row, encoding="utf-8")
    bad = row.replace("策略4 细化问题", "策略4+策略5").replace("屏幕上显示什么？", "")
    (tmp_path / "bad.json").write_text(bad, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the commands that the page calls."""
    path = tmp_path_factory.mktemp("bin")
    for name, arguments in (("csc-dspy", "-m csc_dspy "), ("python", "")):
        script = path / name
        script.write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments}"$@"\n', encoding="utf-8"
        )
        script.chmod(0o755)
    return path


@pytest.mark.parametrize("block", blocks("console"))
def test_examples_of_the_command_line(folder: Path, programs: Path, block: str) -> None:
    commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    shown = subprocess.run(
        ["bash", "-c", "\n".join(commands)],
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    answers = "".join(line for line in block.splitlines(keepends=True) if not line.startswith("$ "))
    assert [line.rstrip() for line in shown.stdout.splitlines()] == [
        line.rstrip() for line in answers.splitlines()
    ]


@pytest.mark.usefixtures("folder")
def test_examples_in_python() -> None:
    reading, published, checking = blocks("python")
    names: dict[str, Any] = {}
    exec(reading + checking, names)
    assert (len(names["train"]), len(names["dev"])) == (80, 15)
    assert (names["report"].ok, names["report"].problems[0].line) == (False, 12)
    compile(published, "data.md", "exec")


@pytest.mark.usefixtures("folder")
def test_the_example_of_a_row_is_good_and_comes_back_unchanged() -> None:
    (row,) = [conversation.row() for conversation in read("call.json")]
    assert row == json.loads(blocks("json")[0])


def test_forms_and_limits() -> None:
    for form in FORMS:
        assert f"\n| {form} | " in MANUAL
    for suffix in (*SUFFIXES, *WRITTEN):
        assert f"`{suffix}`" in MANUAL
    assert f"A line of JSON Lines may have {ROW_LIMIT // 2**20} MiB" in MANUAL
