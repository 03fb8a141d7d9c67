"""Starting is quick because nothing heavy is imported before it is used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"dspy", "datasets", "optuna", "sklearn", "torch", "pyarrow", "numpy", "pandas"}

HELP = """
import sys
from csc_dspy.cli.main import main
sys.argv = ["csc-dspy", "--help"]
try:
    code = main()
except SystemExit as end:
    code = end.code
assert not code, code
"""


def imported_by(source: str) -> set[str]:
    """Top-level modules that are loaded after ``source`` ran in a fresh process."""
    dump = "import json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    process = subprocess.run(
        [sys.executable, "-c", f"{source}\n{dump}"], check=True, capture_output=True, encoding="utf-8"
    )
    return set(json.loads(process.stdout.splitlines()[-1]))


def test_importing_the_package_imports_nothing_heavy() -> None:
    loaded = imported_by("import csc_dspy")
    assert "csc_dspy" in loaded
    assert loaded.isdisjoint(HEAVY | {"pydantic", "click", "rich"})


def test_help_imports_nothing_heavy() -> None:
    loaded = imported_by(HELP)
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", ["json", "sqlite3"])
def test_what_is_imported_is_seen(name: str) -> None:
    assert name in imported_by(f"import {name}")
