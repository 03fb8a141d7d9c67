"""``docs/fine-tuning-formats.md`` shows what works."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from csc_dspy.finetuning.formats import FORMATS
from tests.finetuning.format_rows import lines, row, write

MANUAL = (Path(__file__).parents[2] / "docs" / "fine-tuning-formats.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with exports in the places that the page speaks of."""
    monkeypatch.chdir(tmp_path)
    for name, forms in {"data": ["trl"], "columns": ["parquet", "arrow"]}.items():
        (tmp_path / name).mkdir()
        for form in forms:
            write(form, tmp_path / name, [row(1), row(2, "en")])
    return tmp_path


def test_the_forms() -> None:
    listed = re.findall(r"^\| `(\w+)` \| `train", MANUAL, re.MULTILINE)
    assert listed == [*FORMATS]


def test_loading(folder: Path) -> None:
    from_json, from_columns, _ = blocks("python")
    found: dict[str, Any] = {}
    exec(from_json, found)
    assert found["rows"].column_names == ["prompt", "completion"]
    exec(from_columns, found)
    assert isinstance(found["rows"], Dataset)
    assert {path.name for path in (folder / "columns").iterdir()} == {"train.parquet", "train.arrow"}
    table = re.findall(r"^\| (`.*) \|", MANUAL.split("## parquet")[1], re.MULTILINE)
    assert {*found["rows"].column_names} <= {*re.findall(r"`(\w+)`", "\n".join(table))}


def test_the_keys_of_rows(tmp_path: Path) -> None:
    shown = [set(json.loads(block)) for block in blocks("json")]
    written = []
    for number, (form, pairs) in enumerate(
        [("openai", False), ("openai", True), ("trl", False), ("sharegpt", False), ("alpaca", False)]
    ):
        (tmp_path / str(number)).mkdir()
        write(form, tmp_path / str(number), [row(pair=True)], pairs=pairs)
        written.append(set(lines(tmp_path / str(number) / "train.jsonl")[0]))
    assert shown == written
