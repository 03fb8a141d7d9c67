"""``csc-dspy evaluate --judge``: a language model judges conversations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CSC
from tests.evaluation.dialogues import rows, write_rows
from tests.support.behaviours import fails, says
from tests.support.openai_server import LLMServer

COUNT = 4
CRITERIA = ["complete", "strategy_true", "no_third_party", "one_strategy"]


@pytest.fixture
def judge(csc: CSC, llm_server: LLMServer, tmp_path: Path) -> Any:  # noqa: ANN401  what csc gives
    data = write_rows(tmp_path / "data.jsonl", rows(COUNT))

    def run(*args: str, name: str = "quality") -> Any:  # noqa: ANN401  what csc gives
        at = ("--data", str(data), "--lm", "openai/test", "--api-base", llm_server.url, "--no-cache")
        return csc("evaluate", "--judge", name, *at, *args)

    return run


def found(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["quality", "role-play"])
def test_every_conversation_is_judged(judge: Any, llm_server: LLMServer, tmp_path: Path, name: str) -> None:  # noqa: ANN401
    done = judge("--out", "verdicts.jsonl", "--json", name=name)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(llm_server.requests) == COUNT
    summary = json.loads(done.stdout)
    assert (summary["dialogues"], summary["failures"], summary["agreement"]) == (COUNT, 0, {})
    lines = found(tmp_path / "verdicts.jsonl")
    assert [set(line["findings"]) for line in lines] == [set(summary["criteria"])] * COUNT
    assert not list(tmp_path.glob(".*.journal"))


def test_a_table_of_criteria(judge: Any) -> None:  # noqa: ANN401
    done = judge("--limit", "2")
    assert done.returncode == 0
    assert "2 dialogues" in done.stdout
    assert all(criterion in done.stdout for criterion in [*CRITERIA, "all of them"])


def test_twice_and_beside_people(judge: Any, llm_server: LLMServer, tmp_path: Path) -> None:  # noqa: ANN401
    names = [row["id"] for row in rows(COUNT)]
    people = "".join(f"{json.dumps({'dialogue': name, 'complete': 'yes'})}\n" for name in names)
    (tmp_path / "people.jsonl").write_text(people, encoding="utf-8")
    done = judge("--twice", "--labels", "people.jsonl", "--out", "verdicts.jsonl", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(llm_server.requests) == 2 * COUNT
    assert {request.json["temperature"] for request in llm_server.requests} == {0.7}
    agreement = json.loads(done.stdout)["agreement"]
    assert list(agreement["people"]["criteria"]) == ["complete"]
    assert list(agreement["itself"]["criteria"]) == CRITERIA
    assert [line["judging"] for line in found(tmp_path / "verdicts.jsonl")] == [1] * COUNT + [2] * COUNT


def test_failures_are_told_and_asked_for_again(judge: Any, llm_server: LLMServer, tmp_path: Path) -> None:  # noqa: ANN401
    llm_server.script(says("no idea"), says("no idea"))
    done = judge("--out", "verdicts.jsonl", "--concurrency", "1")
    assert done.returncode == 3
    assert (
        "1 could not be judged, the first because: the language model's answer cannot be read" in done.stderr
    )
    assert sum(line["error"] is not None for line in found(tmp_path / "verdicts.jsonl")) == 1
    before = len(llm_server.requests)
    again = judge("--out", "verdicts.jsonl", "--concurrency", "1", "--resume")
    assert again.returncode == 0
    assert len(llm_server.requests) == before + 1
    assert all(line["error"] is None for line in found(tmp_path / "verdicts.jsonl"))


def test_a_wrong_key_ends_it_at_once(judge: Any, llm_server: LLMServer) -> None:  # noqa: ANN401
    llm_server.usually(fails(401))
    done = judge("--concurrency", "1")
    assert done.returncode == 2
    assert len(llm_server.requests) == 1
    assert len(done.stderr.splitlines()) == 1


def test_what_cannot_be_judged_is_said(csc: CSC) -> None:
    done = csc("evaluate", "--judge", "quality")
    assert done.returncode == 2
    assert "--judge needs --data" in done.stderr
    done = csc("evaluate", "--judge", "quality", "--data", "rolecs-sample", "--limit", "1")
    assert done.returncode == 3
    assert "the embedded engine" in done.stderr
    assert "--lm" in done.stderr
