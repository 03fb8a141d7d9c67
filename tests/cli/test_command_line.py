"""Finding commands, and what is said about names that do not exist."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest

from csc_dspy import __version__
from csc_dspy.cli import commands
from csc_dspy.cli.global_options import GLOBAL_OPTIONS
from csc_dspy.cli.main import app
from csc_dspy.cli.parameters import Setting

CSC = Callable[..., "subprocess.CompletedProcess[str]"]


def all_commands(group: commands.LazyGroup, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        assert found is not None
        yield (*path, name), found
        if isinstance(found, commands.LazyGroup):
            yield from all_commands(found, *path, name)


@pytest.mark.parametrize("args", [(), ("--help",), ("-h",)])
def test_help_is_an_answer(csc: CSC, args: tuple[str, ...]) -> None:
    shown = csc(*args)
    assert (shown.returncode, shown.stderr) == (0, "")
    for name, (_, line) in app.table.items():
        assert f"{name} " in shown.stdout
        assert line in shown.stdout
    assert "[env: CSC_DSPY_LOG_FILE]" in shown.stdout


def test_a_bare_group_shows_its_help(csc: CSC) -> None:
    shown = csc("data")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == csc("data", "--help").stdout


def test_the_version(csc: CSC) -> None:
    shown = csc("--version")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, f"csc-dspy, version {__version__}\n", "")


@pytest.mark.parametrize("args", [[], ["--help"], ["data"], ["data", "--help"], ["data", "chekc"]])
def test_help_loads_no_command_and_nothing_heavy(args: list[str]) -> None:
    code = (
        "import json, sys\n"
        "from csc_dspy.cli.main import main\n"
        f"main({args!r})\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8")
    loaded = set(json.loads(process.stdout.splitlines()[-1]))
    data = {name for name in loaded if name.startswith("csc_dspy.cli.data.")}
    heavy = {
        "rich",
        "loguru",
        "pydantic",
        "dspy",
        "datasets",
        "numpy",
        "csc_dspy.cli.completion",
        "csc_dspy.data",
    }
    assert "csc_dspy.cli.commands" in loaded
    assert data == set()
    assert loaded & heavy == set()


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("dta",), "error: No such command 'dta' (did you mean data?)"),
        (("data", "chekc"), "error: No such command 'chekc' (did you mean check?)"),
        (("xyzzy",), "error: No such command 'xyzzy' (see csc-dspy --help)"),
        (("--log-fil", "x"), "error: No such option '--log-fil' (did you mean --log-file?)"),
        (("completion", "--xyzzy"), "error: No such option '--xyzzy' (see csc-dspy completion --help)"),
        (("-x",), "error: No such option '-x' (see csc-dspy --help)"),
        (("-v",), "error: Missing command (see csc-dspy --help)"),
        (("completion", "bash", "more"), "error: Got unexpected extra argument (more)"),
    ],
)
def test_an_unknown_name_is_one_line_with_the_nearest_one(csc: CSC, args: tuple[str, ...], line: str) -> None:
    shown = csc(*args)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr.startswith(line)
    assert shown.stderr.count("\n") == 1


def test_every_command_of_the_table_exists_and_is_made_of_settings() -> None:
    found = dict(all_commands(app))
    assert ("completion",) in found
    assert ("data", "check") in found
    for path, command in found.items():
        assert command.name == path[-1]
        if not isinstance(command, click.Group):
            assert command.help, path
            assert all(isinstance(param, Setting) for param in command.params)
            assert set(GLOBAL_OPTIONS) <= set(command.params)


def test_the_same_option_is_the_same_everywhere() -> None:
    meanings: dict[str, tuple[Any, ...]] = {}
    for path, command in all_commands(app):
        for param in command.params:
            if isinstance(param, Setting) and param.key:
                meaning = (param.name, param.help, repr(param.type), param.metavar, param.multiple)
                assert meanings.setdefault(param.key, meaning) == meaning, (path, param.key)
    assert "verbose" in meanings


def test_a_parameter_without_a_variable_is_refused_when_it_is_declared() -> None:
    with pytest.raises(TypeError, match="sed"):
        commands.command("trial")(click.option("--sed")(lambda **_: None))
