"""docs/metrics.md is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from csc_dspy.metrics import METRICS, Weights, metric
from csc_dspy.taxonomy import load_taxonomy

MANUAL = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
OTHERS = [name for name in METRICS if metric(name, load_taxonomy()).aspect != "response"]


def section(title: str) -> str:
    return MANUAL.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    lines = re.findall(r"^\| (`.*) \|$", text, re.MULTILINE)
    return [line.split(" | ") for line in lines]


def test_its_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path))
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        exec(compile(block, "metrics.md", "exec"), names)
    assert names["reasons"]


def test_its_tables_list_every_metric_with_its_unit_and_direction() -> None:
    listed = {
        name: words
        for title in ("Strategies", "Stages", "Dialogues")
        for names, words, _ in rows(section(title))
        for name in re.findall(r"`(.+?)`", names)
    }
    assert [*listed] == OTHERS
    for name, words in listed.items():
        it = metric(name, load_taxonomy())
        assert ("percent" in words) == (it.unit == "percent")
        assert ("less is better" in words) == (not it.higher_is_better)


def test_its_table_has_the_weights() -> None:
    table = {name.strip("`"): float(weight) for name, weight, _ in rows(section("One score for optimizers"))}
    assert Weights(**table) == Weights()
    assert sum(table.values()) == pytest.approx(1)
