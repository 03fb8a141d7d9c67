"""``docs/roleplay.md`` says what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import click
import pytest

from csc_dspy.cli.main import app
from csc_dspy.cli.roleplay_profiles import command as profiles
from csc_dspy.roleplay import EVENTS, ROLES, Outcome
from csc_dspy.roleplay._base import Ending
from csc_dspy.roleplay.events import TOLD
from csc_dspy.roleplay.models import LIVELY

MANUAL = (Path(__file__).parents[3] / "docs" / "roleplay.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


def first_cells(heading: str) -> list[str]:
    """The first column of the table in a section."""
    section = MANUAL.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.fixture
def command() -> click.Command:
    found = app.get_command(click.Context(app), "roleplay")
    assert found is not None
    return found


def test_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "roleplay.md", "exec"), names)
    assert len(names["compiled"].act.demos) == 16
    assert (tmp_path / "supporter_assistant.json").is_file()
    outcome: Outcome = names["outcome"]
    assert (outcome.made, len(names["corpus"])) == (4, outcome.kept)


def test_every_option_exists(command: click.Command) -> None:
    params = [*command.params, *profiles.params]
    known = {name for param in params for name in (*param.opts, *param.secondary_opts)}
    of_ours = "\n".join(line for line in MANUAL.splitlines() if "benchmarks." not in line)
    assert set(re.findall(r"--[a-z][a-z-]+", of_ours)) <= known


def test_the_commands_are_right(command: click.Command) -> None:
    for line in "".join(blocks("sh")).splitlines():
        args = shlex.split(line.partition("  #")[0])
        assert args[:2] == ["csc-dspy", "roleplay"]
        made = command.make_context("roleplay", args[2:], resilient_parsing=True)
        assert not made.args


def test_tables() -> None:
    assert first_cells("The roles") == list(ROLES)
    assert first_cells("The end") == list(get_args(Ending))
    assert first_cells("Events and whims") == list(EVENTS) == list(TOLD)
    assert f"temperature of {LIVELY} unless" in MANUAL
