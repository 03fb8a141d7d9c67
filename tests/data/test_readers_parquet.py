"""Parquet files of our own, of others, and damaged ones."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from csc_dspy.data import check, convert, read
from csc_dspy.data.readers import form_of
from tests.data.rows import CUSTOMER, SUPPORTER, row, write_lines

FULL = row(
    id="a-1",
    source="RoleCS",
    language="zh",
    topic="账户",
    profile={"age": 72, "nothing": None, "tags": [{"deep": "值"}]},
    rating=4.5,
    extra={"extra": 1},
    dialogue=[SUPPORTER | {"stage": "connecting", "seconds": 3, "extra": None}, CUSTOMER],
)


def write(path: Path, *rows: dict[str, Any], **options: Any) -> Path:  # noqa: ANN401 - pyarrow's options
    pq.write_table(pa.Table.from_pylist(list(rows)), path, **options)
    return path


def test_our_own(tmp_path: Path) -> None:
    convert(write_lines(tmp_path / "a.jsonl", FULL, row()), tmp_path / "a.parquet")
    assert form_of(tmp_path / "a.parquet") == "Parquet"
    assert [conversation.row() for conversation in read(tmp_path / "a.parquet")] == [FULL, row()]
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert schema.names == [
        *("id", "source", "language", "topic", "scenario", "customer_goal", "profile", "taxonomy"),
        *("dialogue", "extra"),
    ]
    assert {field.name for field in schema.field("dialogue").type.value_type} == {
        *("speaker", "strategy", "stage", "text", "extra")
    }


@pytest.mark.parametrize("name", ["a.parquet.gz", "a.json"])
def test_packed_and_under_a_wrong_name(tmp_path: Path, name: str) -> None:
    plain = write(tmp_path / "plain", FULL)
    (tmp_path / name).write_bytes(gzip.compress(plain.read_bytes()))
    assert form_of(tmp_path / name) == "Parquet, gzip"
    assert check(tmp_path / name).dialogues == 1


def test_objects_in_columns_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a", FULL, row(rating=None))
    expected = FULL | {"profile": {"age": 72, "tags": [{"deep": "值"}]}}
    expected["dialogue"] = [SUPPORTER | {"stage": "connecting", "seconds": 3}, CUSTOMER]
    assert [conversation.row() for conversation in read(path)] == [expected, row()]


def test_a_list_for_each_field_of_the_turns(tmp_path: Path) -> None:
    lists = {key: [SUPPORTER.get(key), CUSTOMER.get(key)] for key in ("speaker", "strategy", "text", "stage")}
    path = write(tmp_path / "a", row(dialogue=lists))
    assert [conversation.row() for conversation in read(path)] == [row()]


@pytest.mark.parametrize(
    "dialogue", [{"speaker": ["客服"], "text": ["a", "b"]}, {"speaker": "客服"}, {"a": None}]
)
def test_what_does_not_fit_together_is_no_dialogue(tmp_path: Path, dialogue: dict[str, object]) -> None:
    path = write(tmp_path / "a", row(dialogue=dialogue))
    assert [problem.problem for problem in check(path).problems] == ["`dialogue` is an object, not a list"]


@pytest.mark.parametrize(
    "spelled", ["{oops", '{"a": NaN}', '{"a": "\\ud800"}', "[1]", '{"a": 1} {', "[" * 10**5]
)
def test_text_that_is_not_the_json_it_could_be_stays_text(tmp_path: Path, spelled: str) -> None:
    path = write(tmp_path / "a", row(profile=spelled, extra=spelled))
    assert [conversation.row() for conversation in read(path)] == [row(profile=spelled, extra=spelled)]


def test_dialogues_that_are_json_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a", row(dialogue=json.dumps(row()["dialogue"])))
    assert [conversation.row() for conversation in read(path)] == [row()]


def test_values_that_json_does_not_have(tmp_path: Path) -> None:
    date = dt.datetime(2024, 5, 1, 12, 30, tzinfo=dt.timezone.utc)
    path = write(
        tmp_path / "a",
        row(when=date, blob=b"\xff.", score=float("nan")),
        row(when=date, blob=b"b", score=float("inf")),
    )
    report = check(path)
    assert [(found.line, found.problem) for found in report.problems] == [
        (2, "holds NaN or Infinity, which JSON does not have")
    ]
    (first,) = [conversation.row() for conversation in read(path, quarantine=tmp_path / "bad")]
    assert first == row(when="2024-05-01 12:30:00+00:00", blob="\\xff.")


def test_text_that_is_no_utf8_is_one_bad_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a", row(topic="good"), row(topic="XXXX"), row(topic="fine"), compression="none")
    path.write_bytes(path.read_bytes().replace(b"XXXX", b"XX\xffX"))
    report = check(path)
    assert [(found.line, found.problem) for found in report.problems] == [
        (2, "has text that is not UTF-8, or a date out of range")
    ]
    assert report.dialogues == 2


def test_rows_are_numbered_through_all_groups(tmp_path: Path) -> None:
    rows = [row(id=str(number)) for number in range(1000)]
    rows[700]["dialogue"] = [CUSTOMER]
    path = write(tmp_path / "a", *rows, row_group_size=300)
    assert [(found.line, found.turn) for found in check(path).problems] == [(701, None)]


def test_another_schema_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a", {"question": "?", "answer": "!"})
    (problem,) = check(path).problems
    assert problem.problem == "has no column `dialogue`"
    assert problem.remedy.startswith("its columns are question, answer;")


def test_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a"
    pq.write_table(pa.Table.from_pylist([row()]).slice(1), path)
    assert [problem.problem for problem in check(path).problems] == ["holds no conversations"]


def damaged(content: bytes) -> Iterator[bytes]:
    draw = random.Random(11)
    for _ in range(150):
        changed = bytearray(content)
        for place in draw.sample(range(len(content)), 3):
            changed[place] = draw.randrange(256)
        yield bytes(changed)
    for end in range(4, len(content), len(content) // 40):
        yield content[:end]


def test_whatever_is_damaged_is_a_problem_and_nothing_else(tmp_path: Path) -> None:
    content = io.BytesIO()
    rows = [FULL | {"id": str(number)} for number in range(400)]
    pq.write_table(pa.Table.from_pylist(rows), content, row_group_size=100)
    path = tmp_path / "a"
    outcomes = set()
    for changed in damaged(content.getvalue()):
        path.write_bytes(changed)
        report = check(path)
        outcomes |= {problem.kind for problem in report.problems if not report.complete}
        for problem in report.problems:
            assert problem.file == str(path)
    assert "the Parquet data is damaged" in outcomes
