"""The part of ``docs/fine-tuning.md`` on exporting says what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import csc_dspy
from csc_dspy.cli.export import command
from csc_dspy.finetuning.rows import Reason
from tests.conftest import CSC

MANUAL = (Path(csc_dspy.__file__).parents[1] / "docs" / "fine-tuning.md").read_text(encoding="utf-8")
EXPORTING = MANUAL.split("\n## Train")[0]


def section(title: str) -> str:
    return EXPORTING.split(f"## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    "example", re.findall(r"^```python\n(.*?)^```$", EXPORTING, re.DOTALL | re.MULTILINE)
)
def test_the_examples_work(tmp_path: Path, example: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, check=False, capture_output=True, encoding="utf-8"
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.strip()


@pytest.mark.parametrize("line", re.findall(r"^\$ csc-dspy (.*)$", EXPORTING, re.MULTILINE))
def test_the_commands_work(csc: CSC, line: str) -> None:
    process = csc(*line.split())
    assert (process.returncode, process.stderr) == (0, "")


def test_every_option_is_one() -> None:
    options = {name for param in command.params for name in [*param.opts, *param.secondary_opts]}
    named = set(re.findall(r"`(--[a-z-]+)", section("What is given")))
    assert named <= options
    own = {"--train", "--format", "--task", "--source", "--pairs", "--rejected-by", "--demonstrations"}
    assert own | {"--balance", "--validation", "--max-tokens-row", "--tokenizer", "--leaks"} <= named


def test_every_reason_is_told() -> None:
    told = set(
        re.findall(
            r"`([a-z ]+)`", "".join(re.findall(r"^\| (`.*?) \|", section("What is left out"), re.MULTILINE))
        )
    )
    assert told - {"bad dialogue"} == set(get_args(Reason))
