"""``docs/language-models.md`` says what the program does."""

from __future__ import annotations

import re
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.cli import commands, options
from csc_dspy.cli.connection import Connection
from csc_dspy.lm import RunUsage, connect
from csc_dspy.lm.specs import route
from tests.support.openai_server import LLMServer

MANUAL = (Path(__file__).parents[2] / "docs" / "language-models.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return MANUAL.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_examples(home: Path, llm_server: LLMServer, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE):
        example = block.replace("http://localhost:8000/v1", llm_server.url)
        exec(compile(example, "language-models.md", "exec"), namespace)
    assert "1 calls" in capsys.readouterr().out
    assert namespace["creative"].engine is namespace["lm"].engine
    assert home.exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_0-9]+)/NAME`", MANUAL))))
def test_specs(name: str) -> None:
    row = next(row for row in MANUAL.splitlines() if f"`{name}/NAME`" in row)
    kinds = {"our engine": "hosted", "DSPy's own": "lm15", "LiteLLM": "litellm"}
    (kind,) = {kind for words, kind in kinds.items() if words in row}
    assert route(f"{name}/NAME", None, {}).kind == kind


def test_options() -> None:
    rows = re.findall(r"^\| (`--.*?) \| `(\w+).*?` \|", section("In a program"), re.MULTILINE)
    told = {name for names, _ in rows for name in re.findall(r"--[a-z-]+", names)}

    def nothing(**_: object) -> None:
        """Do nothing."""

    command = commands.command("trial")(options.language_model()(nothing))
    own = {field.name for field in fields(Connection)} - {"lm"}
    assert told == {param.opts[0] for param in command.params if param.name in own}
    assert {name for _, name in rows} == set(signature(connect).parameters) - {"spec", "record"}


def test_usage() -> None:
    told = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section("Budgets"), re.MULTILINE)))
    assert sorted(told) == sorted(RunUsage().to_dict())
