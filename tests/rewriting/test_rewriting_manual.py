"""``docs/rewriting.md`` says what happens."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest

from csc_dspy.cli.main import app
from csc_dspy.conversations import Conversation
from csc_dspy.redaction import PLACEHOLDERS
from csc_dspy.rewriting import Construction, Finish, Rules
from csc_dspy.rewriting.reading import MOST_TURNS
from csc_dspy.rewriting.rules import REASONS
from tests.rewriting.transcripts import said, written

MANUAL = (Path(__file__).parents[2] / "docs" / "rewriting.md").read_text(encoding="utf-8")
RAW = "客服：您好，请讲。\n客户：我叫王小明，卡丢了。\n" + "客服：请问还有呢？\n客户：没有别的了。\n" * 3


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


@pytest.fixture
def command() -> click.Command:
    found = app.get_command(click.Context(app), "rewrite")
    assert found is not None
    return found


def test_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, RAW, "calls.txt")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    (block,) = blocks("python")
    exec(compile(block, "rewriting.md", "exec"), names)
    labelled: list[Conversation] = names["labelled"]
    assert said(labelled[0])[1] == ("c", "我叫[姓名1]，卡丢了。")
    assert names["first"].strategy.id == "greeting"


def test_every_option_exists(command: click.Command) -> None:
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    assert set(re.findall(r"--[a-z][a-z-]+", MANUAL)) <= known
    for line in blocks("sh")[0].splitlines():
        assert shlex.split(line, comments=True)[1] == "rewrite"


def test_reasons_kinds_and_thresholds_are_all_there(command: click.Command) -> None:
    assert {reason for reason in REASONS if f"`{reason}`" not in MANUAL} == set()
    assert {kind for kind in PLACEHOLDERS if not re.search(rf"\b{kind}\b", MANUAL)} - {"order"} == set()
    assert f"{MOST_TURNS:,} are held" in MANUAL
    defaults = {param.name: param.default for param in command.params}
    assert {field.name: field.default for field in fields(Rules)}.items() <= defaults.items()
    lengths = {"fewest_utterances", "most_utterances"}
    assert {name: defaults[name] for name in lengths} == {name: getattr(Finish(), name) for name in lengths}
    assert f"| {Finish().fewest_utterances} and {Finish().most_utterances} |" in MANUAL


def test_the_steps_are_those_of_the_construction() -> None:
    section = MANUAL.split("\n## Rewriting\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| (\w+) \|", section.split("\nA rewriting is")[0], re.MULTILINE)
    assert named == ["step", *(step.name for step in Construction().steps(None))]
