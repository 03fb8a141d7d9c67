"""``docs/compiling.md`` says what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import csc_dspy
from csc_dspy.cli.compile import command
from csc_dspy.optimizers import OBJECTIVES

MANUAL = (Path(csc_dspy.__file__).parents[1] / "docs" / "compiling.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", re.findall(r"^```python\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE))
def test_the_examples_work(tmp_path: Path, example: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, check=False, capture_output=True, encoding="utf-8"
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.strip()


def test_every_option_is_one() -> None:
    table = MANUAL.split("## What is given")[1].split("##")[0]
    options = {name for param in command.params for name in param.opts}
    named = set(re.findall(r"`(--[a-z-]+)", table))
    assert len(named) > 10
    assert named <= options


def test_every_metric_is_told() -> None:
    (row,) = [line for line in MANUAL.splitlines() if line.startswith("| `--metric`")]
    assert re.findall(r"`([a-z0-9-]+)`", row)[1:] == list(OBJECTIVES)
