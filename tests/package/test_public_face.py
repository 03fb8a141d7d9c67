"""``import csc_dspy as csc``: what is promised is there, and stays what it is."""

from __future__ import annotations

import ast
import subprocess
import sys
from inspect import ismodule
from pathlib import Path

import pytest

import csc_dspy

EVERY_MODULE_THEN_EVERY_NAME = """
from importlib import import_module
from inspect import ismodule
from pkgutil import walk_packages
import csc_dspy
for module in walk_packages(csc_dspy.__path__, "csc_dspy."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
values = {name: getattr(csc_dspy, name) for name in csc_dspy.__all__}
print([name for name, value in values.items() if ismodule(value) and not callable(value)])
"""


def promised_to_type_checkers() -> dict[str, str]:
    """The imports under ``if TYPE_CHECKING``: name → module."""
    tree = ast.parse(Path(csc_dspy.__file__).read_bytes())
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    assert [ast.unparse(block.test) for block in blocks] == ["TYPE_CHECKING"]
    return {
        alias.asname or alias.name: statement.module or ""
        for statement in blocks[0].body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


@pytest.mark.parametrize("name", csc_dspy.__all__)
def test_every_promised_name_is_there(name: str) -> None:
    value = getattr(csc_dspy, name)
    # A room may share its name with what is mostly done in it, and can be called then.
    assert not ismodule(value) or callable(value)
    assert getattr(csc_dspy, name) is value


def test_type_checkers_see_what_is_there_when_it_runs() -> None:
    promised = promised_to_type_checkers()
    assert {*promised, "__version__"} == set(csc_dspy.__all__)
    for name, module in promised.items():
        value = getattr(csc_dspy, name)
        assert value is getattr(sys.modules[module], name)


def test_dir_shows_the_face() -> None:
    assert dir(csc_dspy) == sorted(csc_dspy.__all__)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"module 'csc_dspy' has no attribute 'converse'"):
        csc_dspy.converse  # type: ignore[attr-defined]  # noqa: B018 - reading it is the test


def test_no_module_hides_a_name(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", EVERY_MODULE_THEN_EVERY_NAME],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert process.stderr == ""
    assert process.stdout.strip() == "[]"
