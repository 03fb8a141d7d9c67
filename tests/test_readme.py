"""What the README shows works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from csc_dspy.cli.main import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def command_lines() -> Iterator[list[str]]:
    for block in blocks("sh"):
        for line in block.splitlines():
            command = line.split("|")[-1].strip()
            if command.startswith("csc-dspy "):
                yield shlex.split(command, comments=True)[1:]


@pytest.mark.parametrize("args", list(command_lines()), ids=" ".join)
def test_every_command_and_option_exists(args: list[str]) -> None:
    context = click.Context(app)
    command: click.Command = app
    while isinstance(command, click.Group):
        found = command.get_command(context, args.pop(0))
        assert found is not None
        command = found
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    assert {arg for arg in args if arg.startswith("-")} <= known


@pytest.mark.parametrize("block", blocks("python"), ids=["compiled", "a program"])
def test_the_program_runs(block: str) -> None:
    names: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), names)
    assert getattr(names["turn"], "response", None)


def test_every_page_is_there() -> None:
    pages = re.findall(r"\]\(((?:docs/|CONTRIBUTING)[^)]*)\)", README)
    assert pages
    assert [page for page in pages if not (ROOT / page).exists()] == []


def test_every_target_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z-]+)", README, re.MULTILINE)) <= targets
