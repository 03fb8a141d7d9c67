"""The order of the rooms: a room imports only what lies below it, and nobody's private names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# From the bottom up.
ROOMS = (
    "exceptions",
    "toml_text",
    "files",
    "logs",
    "concurrency",
    "journal",
    "stores",
    "huggingface",
    "taxonomy",
    "conversations",
    "redaction",
    "data",
    "signatures",
    "lm",
    "programs",
    "compiled",
    "choosing",
    "metrics",
    "evaluation",
    "auditing",
    "replies",
    "finetuning",
    "optimizers",
    "roleplay",
    "rewriting",
    "cli",
    "__main__",
)
BESIDE = ("signatures", "optimizers")


def modules(root: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every source file with the package and module names under which it is imported."""
    for top in ("csc_dspy", *BESIDE):
        for path in sorted((root / top).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ("csc_dspy", *parts) if top in BESIDE else parts
            # The face re-exports from all rooms, and so stands outside their order.
            if name != ("csc_dspy", "__init__"):
                yield path, name


def imports(tree: ast.Module, module: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every name imported anywhere in a module, written in full, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, tuple(alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            start = module[: len(module) - node.level] if node.level else ()
            source = tuple(node.module.split(".")) if node.module else ()
            for alias in node.names:
                yield node.lineno, (*start, *source, alias.name)


def complaint(room: str, target: tuple[str, ...]) -> str | None:
    """What is wrong with importing ``target`` in ``room``, if anything."""
    if target[0] in BESIDE:
        return f"imports {target[0]} under its bare name"
    if target[0] != "csc_dspy" or target[1:2] in {(room,), ("__version__",)}:
        return None
    if len(target) == 1 or target[1] not in ROOMS:
        return "imports the face of the package instead of a room below"
    if ROOMS.index(target[1]) > ROOMS.index(room):
        return f"imports {target[1]}, which lies above {room}"
    if any(part.startswith("_") for part in target[2:]):
        return f"imports the private {'.'.join(target[2:])} of {target[1]}"
    return None


def complaints(root: Path) -> list[str]:
    """All breaches of the order in a source tree, as ``file:line: what``."""
    found = []
    for path, module in modules(root):
        place = path.relative_to(root).as_posix()
        if module[1] not in ROOMS:
            found.append(f"{place}:1: {module[1]} has no place among the rooms")
            continue
        tree = ast.parse(path.read_bytes())
        found += [
            f"{place}:{line}: {wrong}"
            for line, target in imports(tree, module)
            if (wrong := complaint(module[1], target))
        ]
    return found


def test_imports_go_down(checkout: Path) -> None:
    assert complaints(checkout) == []


def test_every_kind_of_source_is_looked_at(checkout: Path) -> None:
    seen = {name[1] for _, name in modules(checkout)}
    assert {"exceptions", "taxonomy", "conversations", "signatures", "optimizers"} <= seen


@pytest.mark.parametrize(
    ("file", "source", "expected"),
    [
        pytest.param(
            "csc_dspy/data/reading.py",
            "def f():\n    from csc_dspy.cli.main import main",
            "csc_dspy/data/reading.py:2: imports cli, which lies above data",
            id="up, inside a function",
        ),
        pytest.param(
            "csc_dspy/taxonomy/model.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import csc_dspy.data.splits",
            "csc_dspy/taxonomy/model.py:3: imports data, which lies above taxonomy",
            id="up, for type checkers only",
        ),
        pytest.param(
            "csc_dspy/taxonomy/model.py",
            "from csc_dspy import data",
            "csc_dspy/taxonomy/model.py:1: imports data, which lies above taxonomy",
            id="up, as a name of the package",
        ),
        pytest.param(
            "csc_dspy/data/readers/hub.py",
            "from ...cli import main",
            "csc_dspy/data/readers/hub.py:1: imports cli, which lies above data",
            id="up, relatively",
        ),
        pytest.param(
            "csc_dspy/data/readers/__init__.py",
            "from ...cli import main",
            "csc_dspy/data/readers/__init__.py:1: imports cli, which lies above data",
            id="up, relatively, from a package",
        ),
        pytest.param(
            "signatures/track_stage.py",
            "import csc_dspy.optimizers",
            "signatures/track_stage.py:1: imports optimizers, which lies above signatures",
            id="up, between the folders beside the package",
        ),
        pytest.param(
            "csc_dspy/data/reading.py",
            "from csc_dspy.taxonomy.labels import _shown",
            "csc_dspy/data/reading.py:1: imports the private labels._shown of taxonomy",
            id="a private name",
        ),
        pytest.param(
            "csc_dspy/programs/agent.py",
            "from csc_dspy.lm._base import Engine",
            "csc_dspy/programs/agent.py:1: imports the private _base.Engine of lm",
            id="a private module",
        ),
        pytest.param(
            "csc_dspy/programs/agent.py",
            "from csc_dspy import read",
            "csc_dspy/programs/agent.py:1: imports the face of the package instead of a room below",
            id="the face",
        ),
        pytest.param(
            "csc_dspy/programs/agent.py",
            "import csc_dspy",
            "csc_dspy/programs/agent.py:1: imports the face of the package instead of a room below",
            id="the whole face",
        ),
        pytest.param(
            "csc_dspy/programs/agent.py",
            "from signatures import TrackStage",
            "csc_dspy/programs/agent.py:1: imports signatures under its bare name",
            id="a bare name",
        ),
        pytest.param(
            "csc_dspy/attic/agent.py",
            "",
            "csc_dspy/attic/agent.py:1: attic has no place among the rooms",
            id="an unknown room",
        ),
    ],
)
def test_a_breach_is_found(tmp_path: Path, file: str, source: str, expected: str) -> None:
    _write(tmp_path / file, source)
    assert complaints(tmp_path) == [expected]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("csc_dspy/data/reading.py", "from csc_dspy.taxonomy import Taxonomy"),
        ("csc_dspy/data/reading.py", "from ._rows import _row"),
        ("csc_dspy/cli/main.py", "from csc_dspy import __version__"),
        ("optimizers/sweep.py", "from .prompts._base import Optimizer"),
        ("csc_dspy/__init__.py", "from csc_dspy.cli import main"),
    ],
)
def test_what_is_allowed_passes(tmp_path: Path, file: str, source: str) -> None:
    _write(tmp_path / file, source)
    assert complaints(tmp_path) == []


def _write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
