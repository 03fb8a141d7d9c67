"""Parquet and Arrow, as `datasets` loads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, load_dataset

from csc_dspy.finetuning._base import Row
from csc_dspy.finetuning.formats import _columns
from tests.finetuning.format_rows import WORSE, row, write


def expected(given: Row, **more: object) -> dict[str, Any]:
    """The columns of a row."""
    return {
        "id": given.id,
        "dialogue": given.dialogue,
        "task": "strategy",
        "language": given.language,
        "strategy": "emotional_management",
        "messages": [*given.messages],
        "answer": given.answer,
        **more,
        "weight": given.weight,
    }


def test_parquet(tmp_path: Path) -> None:
    rows = [row(1), row(2, "en", shown=False, weight=0.25)]
    write("parquet", tmp_path, rows, [row(3)])
    files = {part: str(tmp_path / f"{part}.parquet") for part in ("train", "validation")}
    loaded = load_dataset("parquet", data_files=files)
    assert [*loaded["train"]] == [expected(each) for each in rows]
    assert [*loaded["validation"]] == [expected(row(3))]


def test_arrow(tmp_path: Path) -> None:
    rows = [row(1), row(2, "en", shown=False, weight=3.0)]
    write("arrow", tmp_path, rows)
    loaded = Dataset.from_file(str(tmp_path / "train.arrow"))
    assert [*loaded] == [expected(each) for each in rows]


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_pairs(form: str, tmp_path: Path) -> None:
    rows = [row(1, pair=True), row(2, "en", pair=True)]
    write(form, tmp_path, rows, pairs=True)
    loaded = load_dataset(form, data_files=str(tmp_path / f"train.{form}"), split="train")
    assert [*loaded] == [expected(each, rejected=WORSE[each.language]) for each in rows]


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_no_row_is_lost_between_batches(form: str, tmp_path: Path) -> None:
    count = 2500
    write(form, tmp_path, (row(number, shown=False) for number in range(count)))
    file = tmp_path / f"train.{form}"
    read = pq.read_table(file) if form == "parquet" else pa.ipc.open_stream(file).read_all()
    assert read["dialogue"].to_pylist() == [f"d{number}" for number in range(count)]
    assert read["dialogue"].num_chunks > 1 or pq.ParquetFile(file).num_row_groups > 1


def test_an_empty_part_still_has_its_columns(tmp_path: Path) -> None:
    write("parquet", tmp_path, [])
    assert pq.read_schema(tmp_path / "train.parquet").equals(_columns.schema(pairs=False))
