"""The wheel holds the whole package and nothing else, and works where there is no checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "csc_dspy", "signatures", "optimizers", "artifacts")
BESIDE = ("signatures", "optimizers", "artifacts")
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", "*.egg-info")


@pytest.fixture(scope="module")
def source(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, so that building leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (checkout / name).is_dir():
            shutil.copytree(checkout / name, copy / name, ignore=LEFT_BEHIND)
        else:
            shutil.copy2(checkout / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def expected(source: Path) -> set[str]:
    """Every file of the sources, under the path that it is installed at."""
    files = [path for top in SOURCES[3:] for path in (source / top).rglob("*") if path.is_file()]
    names = [path.relative_to(source) for path in files if path.suffix != ".pyi"]
    return {(Path("csc_dspy") / name if name.parts[0] in BESIDE else name).as_posix() for name in names}


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--no-cache-dir", "--quiet")
    pip("wheel", *offline, "--wheel-dir", str(folder), str(source))
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def members(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it; what the wheel depends on is borrowed from this one."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, symlinks=True)
    pip("--python", str(folder / "bin/python"), "install", "--no-deps", "--no-index", "--quiet", str(wheel))
    (site,) = folder.glob("lib/python*/site-packages")
    # Folders added by a .pth file have their own .pth files left unread, so the checkout stays out.
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return folder


def pip(*arguments: str) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "pip", *arguments], check=False, capture_output=True, encoding="utf-8"
    )
    assert process.returncode == 0, process.stderr


def run(command: Path, *arguments: str, cwd: Path) -> str:
    """What the installed ``command`` prints, in a process that knows nothing of the checkout."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.run(
        [command, *arguments], cwd=cwd, env=env, check=False, capture_output=True, encoding="utf-8"
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_everything_lies_under_the_package(members: set[str]) -> None:
    tops = {name.split("/")[0] for name in members}
    assert len(tops) == 2
    assert {"csc_dspy"} == {top for top in tops if not top.endswith(".dist-info")}


def test_every_file_is_in_it(members: set[str], expected: set[str]) -> None:
    assert {name for name in members if name.startswith("csc_dspy/")} == expected


@pytest.mark.parametrize(
    "name",
    [
        "csc_dspy/py.typed",
        "csc_dspy/taxonomy/copc.toml",
        "csc_dspy/signatures/__init__.py",
        "csc_dspy/optimizers/__init__.py",
        "csc_dspy/artifacts/README.md",
    ],
)
def test_it_has(name: str, members: set[str]) -> None:
    assert name in members


def test_it_has_the_samples(members: set[str]) -> None:
    assert any(name.startswith("csc_dspy/data/samples/") and name.endswith(".jsonl") for name in members)


def test_it_imports_from_where_it_was_installed(installed: Path, tmp_path: Path) -> None:
    source = (
        "import csc_dspy, csc_dspy.signatures, csc_dspy.optimizers\n"
        "from importlib.resources import files\n"
        "print(csc_dspy.__file__, csc_dspy.signatures.__file__, csc_dspy.optimizers.__file__,"
        " files('csc_dspy.artifacts').joinpath('README.md'), sep='\\n')"
    )
    paths = run(installed / "bin/python", "-c", source, cwd=tmp_path).splitlines()
    assert len(paths) == 4
    assert all(Path(path).is_relative_to(installed) and Path(path).is_file() for path in paths)


def test_its_command_tells_its_version(installed: Path, tmp_path: Path, wheel: Path) -> None:
    version = wheel.name.split("-")[1]
    assert version in run(installed / "bin/csc-dspy", "--version", cwd=tmp_path)


def test_its_command_reads_the_packaged_sample(installed: Path, tmp_path: Path) -> None:
    command = installed / "bin/csc-dspy"
    stats = run(command, "data", "stats", "--data", "rolecs-sample", "--json", cwd=tmp_path)
    assert json.loads(stats)
