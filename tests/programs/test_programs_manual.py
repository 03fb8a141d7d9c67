"""docs/programs.md is true."""

from __future__ import annotations

import re
from pathlib import Path

from csc_dspy.programs import PROGRAMS, create

MANUAL = (Path(__file__).resolve().parents[2] / "docs" / "programs.md").read_text(encoding="utf-8")


def test_its_examples_run() -> None:
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, "programs.md", "exec"), names)
    assert names["decided"]


def test_its_table_lists_every_program_with_its_predictors() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| (.+) \|$", MANUAL, re.MULTILINE)
    listed = {name: re.findall(r"`([a-z.]+)`", predictors) for name, predictors in rows}
    assert listed == {name: [each for each, _ in create(name).named_predictors()] for name in PROGRAMS}
