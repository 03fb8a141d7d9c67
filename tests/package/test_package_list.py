"""The list of packages in pyproject.toml. A folder missing there works in a checkout, not once installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BESIDE = ("signatures", "optimizers")


@pytest.fixture(scope="module")
def setuptools(checkout: Path) -> dict[str, Any]:
    content = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    table: dict[str, Any] = content["tool"]["setuptools"]
    return table


def packages_on_disk(root: Path) -> set[str]:
    """Every folder that holds files, as the package that it is installed as."""
    found = {"csc_dspy.artifacts"}
    for top in ("csc_dspy", *BESIDE):
        for file in (root / top).rglob("*"):
            folder = file.relative_to(root).parent
            if file.is_file() and "__pycache__" not in folder.parts:
                found.add(".".join((("csc_dspy",) if top in BESIDE else ()) + folder.parts))
    return found


def test_every_folder_is_listed(setuptools: dict[str, Any], checkout: Path) -> None:
    assert set(setuptools["packages"]) == packages_on_disk(checkout)


def test_the_list_is_sorted_without_repetition(setuptools: dict[str, Any]) -> None:
    assert setuptools["packages"] == sorted(set(setuptools["packages"]))


def test_folders_beside_the_package_are_mapped_into_it(setuptools: dict[str, Any]) -> None:
    mapped = {f"csc_dspy.{name}": name for name in ("artifacts", *BESIDE)}
    assert setuptools["package-dir"] == mapped


def test_a_forgotten_folder_is_noticed(tmp_path: Path) -> None:
    for folder in ("csc_dspy/data/readers", "signatures/judging", "csc_dspy/data/__pycache__"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "some.py").touch()
    assert packages_on_disk(tmp_path) == {
        "csc_dspy.artifacts",
        "csc_dspy.data.readers",
        "csc_dspy.signatures.judging",
    }
