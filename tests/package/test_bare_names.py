"""The folders beside the package are parts of it, and say so to whoever imports them alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def python(source: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", source], cwd=cwd, check=False, capture_output=True, encoding="utf-8"
    )


@pytest.mark.parametrize("name", ["signatures", "optimizers"])
def test_a_bare_name_is_refused_with_the_right_one(name: str, checkout: Path) -> None:
    process = python(f"import {name}", cwd=checkout)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == (
        f"ImportError: {name} is part of csc_dspy; import csc_dspy.{name} instead"
    )


@pytest.mark.parametrize("name", ["signatures", "optimizers"])
def test_the_full_name_is_the_same_folder(name: str, tmp_path: Path) -> None:
    process = python(f"import csc_dspy.{name} as room; print(room.__file__)", cwd=tmp_path)
    assert process.stderr == ""
    assert Path(process.stdout.strip()).parent.name == name
