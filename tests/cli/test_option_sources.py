"""Where the value of an option comes from, and how a wrong one is reported."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError

Trial = Callable[..., "subprocess.CompletedProcess[str]"]
Parsed = Callable[..., dict[str, object]]


# Strongest first: its name, and the seed that it gives.
SOURCES = (("command line", 1), ("variable", 2), ("table", 3), ("group", 4), ("top", 5))


def settings(text: str) -> None:
    Path("csc-dspy.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("given", [chosen for size in range(6) for chosen in combinations(SOURCES, size)])
def test_the_strongest_source_wins(
    parsed: Parsed, monkeypatch: pytest.MonkeyPatch, given: tuple[tuple[str, int], ...]
) -> None:
    seeds = dict(given)
    monkeypatch.setenv("CSC_DSPY_SEED", str(seeds.get("variable", "")))
    lines = {"top": "seed = {}", "group": "[data]\nseed = {}", "table": "[data.count]\nseed = {}"}
    settings("\n".join(line.format(seeds[name]) for name, line in lines.items() if name in seeds))
    line = ("--seed", str(seeds["command line"])) if "command line" in seeds else ()
    expected = given[0][1] if given else 0
    assert parsed("data", "count", "x", *line)["seed"] == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("False", False), ("no", False), ("", False)],
)
def test_flags_in_the_environment(
    parsed: Parsed, monkeypatch: pytest.MonkeyPatch, text: str, value: bool
) -> None:
    monkeypatch.setenv("CSC_DSPY_JSON", text)
    assert parsed("data", "count", "x")["as_json"] is value


@pytest.mark.parametrize(
    ("variable", "text", "problem"),
    [
        ("CSC_DSPY_JSON", "maybe", "'maybe' is neither true nor false"),
        ("CSC_DSPY_SEED", "seven", "'seven' is not a valid integer"),
        ("CSC_DSPY_SEED", "-1", "-1 is not in the range x>=0"),
        ("CSC_DSPY_LANGUAGE", "fr", "'fr' is not one of 'zh', 'en'"),
        ("CSC_DSPY_LOG_CONTENT", "2", "'2' is neither true nor false"),
        ("CSC_DSPY_VERBOSE", "much", "'much' is not a valid integer"),
    ],
)
def test_a_wrong_variable_is_named(
    parsed: Parsed, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, problem: str
) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(ConfigError) as caught:
        parsed("data", "count", "x")
    assert str(caught.value) == f"{variable}: {problem}"


def test_conversations_are_an_argument_or_an_option(csc: Trial, tmp_path: Path) -> None:
    def read(*args: str, **variables: str) -> str:
        done = csc("data", "info", "--json", *args, env=variables)
        return str(json.loads(done.stdout)["source"]) if done.returncode == 0 else done.stderr

    assert read("rolecs-sample") == read("--data", "rolecs-sample") == "rolecs-sample"
    (tmp_path / "csc-dspy.toml").write_text('data = "csconv-sample:dev"')
    assert read() == "csconv-sample:dev"
    assert read(CSC_DSPY_DATA="csconv-sample:test") == "csconv-sample:test"
    assert read("rolecs-sample", CSC_DSPY_DATA="csconv-sample") == "rolecs-sample"
    assert read("x", "--data", "y").startswith("error: the conversations are given twice")


def test_what_is_missing_says_all_the_ways_to_give_it(parsed: Parsed, csc: Trial) -> None:
    assert csc("data", "stats").stderr == (
        "error: csc-dspy data stats: SOURCE is missing "
        "(give it here, as --data, as CSC_DSPY_DATA, or as data in csc-dspy.toml)\n"
    )
    with pytest.raises(ConfigError, match=r"--out is missing .* CSC_DSPY_OUT"):
        parsed("end", "well")


def test_an_option_that_is_given_often_is_a_list(parsed: Parsed, monkeypatch: pytest.MonkeyPatch) -> None:
    settings("weights = [1, 2.5]\n[data.count]")
    assert parsed("data", "count", "x")["weights"] == (1.0, 2.5)
    settings("weights = 3")
    assert parsed("data", "count", "x")["weights"] == (3.0,)
    monkeypatch.setenv("CSC_DSPY_WEIGHTS", "4 5")
    assert parsed("data", "count", "x")["weights"] == (4.0, 5.0)
    assert parsed("data", "count", "x", "--weights", "6", "--weights", "7")["weights"] == (6.0, 7.0)


@pytest.mark.parametrize(
    ("args", "variables", "file", "verbosity"),
    [
        ((), {}, "", 0),
        (("-v",), {}, "", 1),
        (("-vv",), {}, "", 2),
        (("-q",), {}, "", -1),
        (("-q", "-v"), {}, "", -1),
        (("-v",), {"CSC_DSPY_QUIET": "1"}, "", 1),
        (("-q",), {"CSC_DSPY_VERBOSE": "2"}, "", -1),
        ((), {"CSC_DSPY_VERBOSE": "2"}, "quiet = true", 2),
        ((), {}, "verbose = 1", 1),
        ((), {"CSC_DSPY_QUIET": "yes"}, "verbose = 1", -1),
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_global_options_stand_before_or_behind_the_command(
    parsed: Parsed,
    monkeypatch: pytest.MonkeyPatch,
    args: tuple[str, ...],
    variables: dict[str, str],
    file: str,
    verbosity: int,
    behind: bool,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings(file)
    command = ("data", "count", "x")
    assert parsed(*((*command, *args) if behind else (*args, *command)))["verbosity"] == verbosity


def test_of_two_places_the_one_behind_the_command_counts(parsed: Parsed) -> None:
    assert parsed("-v", "data", "count", "x", "-vv")["verbosity"] == 2
    assert parsed("-vv", "data", "count", "x", "-v")["verbosity"] == 1


def test_help_shows_the_variable_of_every_option(trial: Trial) -> None:
    shown = trial("data", "count", "--help", env={"CSC_DSPY_SEED": "wrong", "COLUMNS": "60"}).stdout
    for name in ("DATA", "SEED", "LANGUAGE", "JSON", "WEIGHTS"):
        assert f"[env: CSC_DSPY_{name}]" in shown
