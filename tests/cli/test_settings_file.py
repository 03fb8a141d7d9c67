"""``csc-dspy.toml``: where it is looked for, and that each mistake in it is found at its line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.cli.config import SETTINGS_FILE, Settings
from csc_dspy.exceptions import ConfigError
from csc_dspy.toml_text import parse

Trial = Callable[..., "subprocess.CompletedProcess[str]"]
Parsed = Callable[..., dict[str, object]]


def message(parsed: Parsed, *args: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parsed("data", "count", "x", *args)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sed = 3", "1: unknown key sed (did you mean seed?)"),
        ("\n# seed\nlog_fil = 'x'", "3: unknown key log_fil (did you mean log-file?)"),
        ("xyzzy = 1", "1: unknown key xyzzy (keys are the long names of options)"),
        ("config = 'x'", "1: unknown key config (keys are the long names of options)"),
        ("[data.count]\nsed = 3", "2: unknown key sed in [data.count] (did you mean seed?)"),
        ("[end]\nseed = 3", "2: unknown key seed in [end] (keys are the long names of options)"),
        ("data.count.sed = 3", "1: unknown key sed in [data.count] (did you mean seed?)"),
        ("seed = 1\n\n[data.cuont]\nseed = 3", "3: unknown table [data.cuont] (did you mean count?)"),
        ("[dta.count]", "1: unknown table [dta] (did you mean data?)"),
        ("[xyzzy]", "1: unknown table [xyzzy] (tables are named for commands)"),
        ("seed = '3'", "1: seed must be a whole number"),
        ("seed = true", "1: seed must be a whole number"),
        ("seed = 3.0", "1: seed must be a whole number"),
        ("seed = {a = 1}", "1: seed must be a whole number"),
        ("json = 1", "1: json must be true or false"),
        ("language = 1", "1: language must be text in quotes"),
        ("language = ['zh']", "1: language must be text in quotes"),
        ("weights = 'x'", "1: weights must be a number"),
        ("weights = [1,\n 'x']", "1: weights must be a list, each item a number"),
        ("log_content = true\nlog-content = true", "2: log-content is given twice (keep one of them)"),
        ("x = '''\nseed = 'a'\n'''\nseed = 'a'", "1: unknown key x (keys are the long names of options)"),
        ("language = '''\nseed = 'a'\n'''\nseed = 'a'", "4: seed must be a whole number"),
        ("json = true\r\nseed = 'a'\r\n", "2: seed must be a whole number"),
        ("seed =", "1: is not TOML: Invalid value"),
        ("seed = 1\nx", "2: is not TOML: Expected '=' after a key in a key/value pair"),
        ("language = '''\nzh", "2: is not TOML: "),
        ("data = 'x'\n[data.count]\nseed = 1", "2: is not TOML: Cannot overwrite a value"),
        # The right type, but not a value that the option takes: click's own check, with the line.
        ("seed = 1\n[data.count]\n\nseed = -4", "4: seed: -4 is not in the range x>=0"),
        ("seed = 1\nlanguage = 'fr'", "2: language: 'fr' is not one of 'zh', 'en'"),
    ],
)
def test_a_mistake_is_found_at_its_line(parsed: Parsed, text: str, expected: str) -> None:
    Path(SETTINGS_FILE).write_text(text, encoding="utf-8", newline="")
    assert message(parsed).startswith(f"csc-dspy.toml:{expected}")


@pytest.mark.parametrize(
    "key", ["api_key", "api-key", "OPENAI_API_KEY", "hf_token", "token", "secret", "password"]
)
def test_secrets_are_refused_and_not_repeated(parsed: Parsed, key: str) -> None:
    Path(SETTINGS_FILE).write_text(f"[data]\n{key} = 'sk-1234567890'", encoding="utf-8")
    assert message(parsed) == f"csc-dspy.toml:2: {key} does not belong here (keys come from the environment)"


def test_what_cannot_be_read_is_said(parsed: Parsed) -> None:
    Path(SETTINGS_FILE).write_bytes(b"seed = 3\nlanguage = '\xff'")
    assert message(parsed) == "csc-dspy.toml:2: is not UTF-8 (save it as UTF-8)"
    Path(SETTINGS_FILE).unlink()
    Path(SETTINGS_FILE).mkdir()
    assert message(parsed).startswith("csc-dspy.toml: cannot be read: ")


def test_another_file_can_be_named(parsed: Parsed, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(SETTINGS_FILE).write_text("xyzzy = 1", encoding="utf-8")
    Path("other.toml").write_text("\N{BYTE ORDER MARK}seed = 4", encoding="utf-8")
    assert parsed("data", "count", "x", "--config", "other.toml")["seed"] == 4
    assert parsed("--config", "other.toml", "data", "count", "x")["seed"] == 4
    monkeypatch.setenv("CSC_DSPY_CONFIG", "other.toml")
    assert parsed("data", "count", "x")["seed"] == 4
    assert message(parsed, "--config", "none.toml") == "none.toml: there is no such file"


def test_a_mistake_ends_the_program_with_one_line(trial: Trial) -> None:
    Path(SETTINGS_FILE).write_text("sed = 3", encoding="utf-8")
    shown = trial("data", "count", "x", "--json")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == "error: csc-dspy.toml:1: unknown key sed (did you mean seed?)\n"


def test_help_does_not_need_the_file(trial: Trial) -> None:
    Path(SETTINGS_FILE).write_text("xyzzy = 1", encoding="utf-8")
    for args in ((), ("--help",), ("data", "--help"), ("data", "count", "--help")):
        assert trial(*args).returncode == 0


names = st.sampled_from(["seed", "language", "json"])
values = st.sampled_from(["1", "'''\nseed = 1\n'''", "[\n1,\n2]", '"x" # seed = 1'])
statements = st.lists(st.tuples(names, values), unique_by=lambda pair: pair[0], max_size=3)


@given(st.dictionaries(st.sampled_from(["", "data", "data.count"]), statements), st.integers(0, 2))
def test_lines_are_right_in_any_file(tables: dict[str, list[tuple[str, str]]], blanks: int) -> None:
    lines: list[str] = []
    places: dict[tuple[str, ...], str] = {}
    for table in sorted(tables):
        lines += [""] * blanks + ([f"[{table}]"] if table else [])
        path = tuple(part for part in table.split(".") if part)
        for name, value in tables[table]:
            places[(*path, name)] = f"x.toml:{len(lines) + 1}"
            lines += f"{name} = {value}".split("\n")
    settings = Settings(parse("x.toml", "\n".join(lines)))
    assert {path: settings.place(path) for path in places} == places
