"""``docs/judging.md`` says what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.evaluation.human import ASPECTS
from csc_dspy.evaluation.judging import Judge, QualityJudge, RolePlayJudge
from csc_dspy.signatures import parse_verdict
from tests.support.openai_server import LLMServer

MANUAL = (Path(__file__).parents[3] / "docs" / "judging.md").read_text(encoding="utf-8")


def test_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, llm_server: LLMServer, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    namespace: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE):
        example = block.replace("http://localhost:8000/v1", llm_server.url)
        exec(compile(example, "judging.md", "exec"), namespace)
    said = capsys.readouterr().out
    assert "form.html form.key.json" in said
    assert "20 20 0 " in said
    assert "('Ann', '博文') 1.0" in said
    assert len(namespace["results"]) == 5
    assert namespace["summary"].failures == 0


@pytest.mark.parametrize("judge", [RolePlayJudge, QualityJudge])
def test_criteria(judge: type[Judge]) -> None:
    (row,) = re.findall(rf"^\| `{judge.__name__}` \| (.*) \|$", MANUAL, re.MULTILINE)
    assert re.findall(r"`(\w+)`", row) == [each.id for each in judge.criteria]


def test_spellings_and_aspects() -> None:
    (spellings,) = re.findall(r"usual spelling: (.*?)\. What", MANUAL, re.DOTALL)
    verdicts = [parse_verdict(each) for each in re.findall(r"`(.*?)`", spellings)]
    assert verdicts == [True, False, True, False, True, False, True, False]
    (aspects,) = re.findall(r"The standard ones are (.*?);", MANUAL, re.DOTALL)
    assert re.findall(r"`(\w+)`", aspects) == [each.id for each in ASPECTS]
