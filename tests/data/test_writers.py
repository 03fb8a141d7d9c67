"""What the writers of all forms have in common, and what each has for itself."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from csc_dspy.data.writers import FORMS, opened_writer
from tests.data.rows import SUPPORTER, row

NAMES = [f"a{suffix}{packed}" for suffix in FORMS for packed in ("", ".gz")]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_appears_when_all_is_written_and_only_then(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("before", encoding="utf-8")
    with opened_writer(path) as writer:
        writer.write(row())
        assert path.read_text(encoding="utf-8") == "before"
    assert path.stat().st_size > len("before")
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_wrong_in_between_leaves_nothing(tmp_path: Path, name: str) -> None:
    nothing: dict[str, str] = {}
    with pytest.raises(KeyError), opened_writer(tmp_path / name) as writer:
        writer.write(row() | {"note": nothing["missing"]})
    assert list(tmp_path.iterdir()) == []


def test_no_rows_make_a_valid_file_too(tmp_path: Path) -> None:
    for suffix in FORMS:
        with opened_writer(tmp_path / f"a{suffix}"):
            pass
    assert (tmp_path / "a.jsonl").read_bytes() == b""
    assert json.loads((tmp_path / "a.json").read_bytes()) == []
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 0


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".gz")])
def test_packed_files_hold_no_time_and_no_name(tmp_path: Path, name: str) -> None:
    with opened_writer(tmp_path / name) as writer:
        writer.write(row())
    head = (tmp_path / name).read_bytes()[:10]
    assert head[:2] == b"\x1f\x8b"
    assert head[3] == 0
    assert head[4:8] == b"\0\0\0\0"
    with opened_writer(tmp_path / name.removesuffix(".gz")) as writer:
        writer.write(row())
    plain = (tmp_path / name.removesuffix(".gz")).read_bytes()
    assert gzip.decompress((tmp_path / name).read_bytes()) == plain


def test_parquet_is_written_in_groups(tmp_path: Path) -> None:
    with opened_writer(tmp_path / "many.parquet") as writer:
        for _ in range(2500):
            writer.write(row())
    groups = pq.ParquetFile(tmp_path / "many.parquet").metadata
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [1024, 1024, 452]
    with opened_writer(tmp_path / "large.parquet") as writer:
        for _ in range(5):
            writer.write(row(dialogue=[SUPPORTER | {"note": "x" * 6 * 2**20}]))
    groups = pq.ParquetFile(tmp_path / "large.parquet").metadata
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [3, 2]
