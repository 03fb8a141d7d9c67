"""``docs/command-line.md`` says what the program does."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from csc_dspy.cli import commands, options
from csc_dspy.cli.config import read_settings
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.global_options import GLOBAL_OPTIONS
from csc_dspy.cli.main import app

MANUAL = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


def rows(heading: str, table: int = 0) -> list[tuple[str, ...]]:
    """The rows of a table in the section of that heading."""
    section = MANUAL.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"(?:^\|.*\|\n)+", section, re.MULTILINE)[table]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in found.splitlines()[2:]]


def test_exit_codes() -> None:
    assert [int(code) for code, _ in rows("Exit codes")] == sorted(ExitCode)


def shared_parameters() -> list[click.Parameter]:
    """What the module of shared options has, in its order."""

    def nothing(**_: object) -> None:
        """Do nothing."""

    for name, make in reversed(vars(options).items()):
        declares = inspect.isfunction(make) and inspect.signature(make).return_annotation == "Decorator"
        if declares and name not in {"option", "argument"}:
            make()(nothing)
    command = commands.command("trial")(nothing)
    return [param for param in command.params if param not in GLOBAL_OPTIONS]


def test_shared_options() -> None:
    documented = {name.strip("`"): text for name, text in rows("Options")}
    shared = {
        param.opts[0] if isinstance(param, click.Option) else "SOURCE": param for param in shared_parameters()
    }
    assert documented == {name: param.help for name, param in shared.items()}


def test_global_options() -> None:
    documented = {name.split(",")[0].strip("`"): text for name, text in rows("Options", 1)}
    assert documented == {option.opts[-1]: option.help for option in GLOBAL_OPTIONS}


@pytest.mark.parametrize("block", blocks("console"))
def test_examples(tmp_path: Path, block: str) -> None:
    program = tmp_path / "bin" / "csc-dspy"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m csc_dspy "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    commands = "".join(f"{line.removeprefix('$ ')}\n" for line in block.splitlines() if line.startswith("$ "))
    shown = subprocess.run(
        ["bash", "-c", commands],
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert shown.stdout.splitlines() == [line for line in block.splitlines() if not line.startswith("$ ")]


def test_the_settings_file_is_right(tmp_path: Path) -> None:
    (example,) = blocks("toml")
    file = tmp_path / "example.toml"
    file.write_text(example, encoding="utf-8")
    settings = read_settings(file, app)
    assert settings is not None
    assert settings.find(("data", "split"), "seed") == 7


def test_the_new_command_works(tmp_path: Path) -> None:
    logging_example, source = blocks("python")
    (tmp_path / "score.py").write_text(source, encoding="utf-8")
    program = (
        "import sys\n"
        "from csc_dspy.cli.commands import LazyGroup\n"
        "from csc_dspy.cli.running import run\n"
        "app = LazyGroup('csc-dspy', {'score': ('score:command', 'Score conversations.')})\n"
        "sys.exit(run(app, sys.argv[1:]))\n"
    )
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    compile(logging_example, "manual", "exec")

    def score(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(tmp_path / "program.py"), "score", *args]
        variables = {**os.environ, **env}
        return subprocess.run(command, env=variables, capture_output=True, encoding="utf-8", check=False)

    assert score("ab").returncode == 0
    failed = score("aB", "--json")
    assert (failed.returncode, failed.stderr) == (1, "")
    assert failed.stdout.split() == ["{", '"scores":', "[", "1.0,", "0.0", "]", "}"]
    assert score("aB", CSC_DSPY_MINIMUM="0").returncode == 0
    assert "scoring: 2 of 2 (100%)" in score("aB", "-v").stderr
    assert "[env: CSC_DSPY_MINIMUM]" in score("--help").stdout
