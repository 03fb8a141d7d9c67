"""``csc-dspy data stats``."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import pytest

from csc_dspy.taxonomy import Stage, Strategy, load_taxonomy

CSC = Callable[..., "subprocess.CompletedProcess[str]"]

COPC = load_taxonomy()
MEMBERS: tuple[Strategy | Stage, ...] = (*COPC.strategies, *COPC.stages)


def row(*turns: tuple[str, str, str], **fields: str) -> dict[str, Any]:
    names = ("speaker", "text", "strategy")
    return fields | {"dialogue": [dict(zip(names, turn, strict=True)) for turn in turns]}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), encoding="utf-8")
    return path


def columns(line: str) -> int:
    """How many columns of a terminal a line takes."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in line)


UNLABELLED = row(("客服", "您好", ""), ("客户", "你好", ""))
LABELLED = row(("客服", "您好", "策略1 礼貌问候"), ("客户", "你好", ""))


def test_json(csc: CSC) -> None:
    done = csc("data", "stats", "--data", "rolecs-sample", "--json")
    counted = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert counted["dialogues"] == 80
    assert counted["turns"] == counted["supporter_turns"] + counted["customer_turns"]
    assert counted["languages"] == {"zh": 40, "en": 40}
    assert counted["sources"] == {"RoleCS-sample": 80}
    assert list(counted["strategies"]) == [strategy.id for strategy in COPC.strategies]
    assert [set(each) for each in counted["strategies"].values()] == [{"number", "count", "share"}] * 12
    assert list(counted["stages"]) == [stage.id for stage in COPC.stages]
    assert sum(each["share"] for each in counted["stages"].values()) == pytest.approx(1)
    assert 0 < counted["entropy"]["conditional"]["bits"] < counted["entropy"]["unigram"]["bits"] < 3.6
    assert counted["lengths"]["characters_per_turn"]["customer"]["zh"]["p95"] > 0
    assert counted["duplicates"]["dialogues"]["repeated"] == 0
    assert counted["transitions"]["start"]["greeting"] > 70


def test_json_is_the_same_every_time(csc: CSC) -> None:
    first, second = (csc("data", "stats", "csconv-sample", "--json").stdout for _ in range(2))
    assert first == second != ""


def test_language(csc: CSC) -> None:
    counted = json.loads(csc("data", "stats", "rolecs-sample", "--language", "zh", "--json").stdout)
    assert counted["languages"] == {"zh": 40, "en": 0}


def test_a_page_for_people(csc: CSC) -> None:
    done = csc("data", "stats", "rolecs-sample")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    for member in MEMBERS:
        (line,) = (
            line for line in lines if re.match(rf" *{member.number} +{re.escape(member.name.en)}  ", line)
        )
        assert f"  {member.name.zh}  " in line
    for section in ("Corpus", "Lengths", "Strategy", "Stage", "After", "Sequences", "Duplicates"):
        assert any(line.strip().startswith(section) or f" {section} " in line for line in lines)
    assert "\x1b" not in done.stdout
    assert "…" not in done.stdout


@pytest.mark.parametrize("width", [80, 60])
def test_narrow_pages_cut_no_names(csc: CSC, width: int) -> None:
    done = csc("data", "stats", "rolecs-sample", env={"COLUMNS": str(width)})
    assert done.returncode == 0
    # Sentences below the tables are left to the terminal.
    tables = [line for line in done.stdout.splitlines() if line.startswith(" ")]
    assert max(map(columns, tables)) <= width
    words = set(done.stdout.split())
    for member in MEMBERS:
        assert set(member.name.en.split()) <= words
    assert "…" not in done.stdout


def test_chinese_columns_are_aligned(csc: CSC) -> None:
    lines = csc("data", "stats", "rolecs-sample").stdout.splitlines()
    ends = set()
    for strategy in COPC.strategies:
        (line,) = (line for line in lines if f"  {strategy.name.zh}  " in line)
        ends.add(columns(line[: line.index("%")]))
    assert len(ends) == 1


def test_another_taxonomy(csc: CSC, tmp_path: Path) -> None:
    source = written(tmp_path / "es.jsonl", row(("supporter", "What is wrong?", "Question")))
    done = csc("data", "stats", source, "--taxonomy", "esconv")
    assert done.returncode == 0
    assert "Affirmation and Reassurance" in done.stdout
    assert "肯定与安抚" in done.stdout


def test_without_labels(csc: CSC, tmp_path: Path) -> None:
    done = csc("data", "stats", written(tmp_path / "plain.jsonl", UNLABELLED))
    assert done.returncode == 0
    assert "No supporter turn carries a strategy." in done.stdout
    assert "Unlabelled" in done.stdout
    assert "Greeting" not in done.stdout


def test_an_empty_corpus_is_refused(csc: CSC, tmp_path: Path) -> None:
    done = csc("data", "stats", written(tmp_path / "empty.jsonl"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "empty.jsonl" in done.stderr


def test_a_bad_row_stops_the_count(csc: CSC, tmp_path: Path) -> None:
    bad = row(("客服", "您好", "策略99 不存在"))
    done = csc("data", "stats", written(tmp_path / "bad.jsonl", LABELLED, bad))
    assert (done.returncode, done.stdout) == (2, "")
    assert "bad.jsonl:2: turn 1: " in done.stderr


def test_bad_rows_are_set_aside(csc: CSC, tmp_path: Path) -> None:
    bad = row(("客服", "您好", "策略99 不存在"))
    source = written(tmp_path / "bad.jsonl", LABELLED, bad)
    done = csc("data", "stats", source, "--quarantine", tmp_path / "aside.jsonl", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["dialogues"] == 1
    assert json.loads((tmp_path / "aside.jsonl").read_text(encoding="utf-8"))["line"] == 2
    assert "1" in done.stderr
    assert "aside.jsonl" in done.stderr


def test_control_characters_reach_no_terminal(csc: CSC, tmp_path: Path) -> None:
    source = written(tmp_path / "evil.jsonl", *[LABELLED | {"topic": "\x1b[31mred"}] * 2)
    done = csc("data", "stats", source)
    assert done.returncode == 0
    assert "red 2" in done.stdout
    assert "\x1b" not in done.stdout
