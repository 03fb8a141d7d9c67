"""Bad rows set aside by the command line: nothing is lost, and what was mended can be read."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.data import check, read
from tests.conftest import CSC
from tests.data.rows import CUSTOMER, SUPPORTER, json_values, line, row, write_lines

BAD = row(id="b", dialogue=[SUPPORTER | {"strategy": "策略1+策略2"}, CUSTOMER | {"text": ""}])


def entries(path: Path) -> list[dict[str, object]]:
    return [json.loads(entry) for entry in path.read_bytes().splitlines()]


def test_converting_goes_on_and_says_so(tmp_path: Path, csc: CSC) -> None:
    path = write_lines(tmp_path / "a", row(id="a"), BAD, "oops", row(id="d"))
    done = csc("data", "convert", path, "--out", "out.json", "--quarantine", "aside.jsonl", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout) == {"out": "out.json", "dialogues": 2, "quarantined": 2}
    assert done.stderr == "2 bad rows are set aside in aside.jsonl\n"
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == [row(id="a"), row(id="d")]
    assert [(entry["line"], entry["row"], entry["raw"]) for entry in entries(tmp_path / "aside.jsonl")] == [
        (2, BAD, None),
        (3, None, "oops"),
    ]


def test_checking_sets_aside_too(tmp_path: Path, csc: CSC) -> None:
    path = write_lines(tmp_path / "a", row(), BAD)
    done = csc("data", "check", path, "--quarantine", "aside.jsonl")
    assert done.returncode == 1
    (entry,) = entries(tmp_path / "aside.jsonl")
    assert entry["problems"] == [
        {"turn": problem.turn, "problem": problem.problem, "remedy": problem.remedy}
        for problem in check(path).problems
    ]


def test_what_is_behind_a_broken_end_does_not_take_away_what_was_set_aside(tmp_path: Path, csc: CSC) -> None:
    path = tmp_path / "a.json"
    path.write_text(f"[{line(BAD)},{line(row())},", encoding="utf-8")
    done = csc("data", "check", path, "--quarantine", "aside.jsonl")
    assert done.returncode == 2
    assert [entry["row"] for entry in entries(tmp_path / "aside.jsonl")] == [BAD]


@given(values=st.lists(json_values, min_size=1, max_size=4))
def test_whatever_is_set_aside_can_be_looked_at(values: list[object]) -> None:
    with TemporaryDirectory() as folder:
        path = write_lines(Path(folder) / "a", row(), *({"dialogue": value} for value in values))
        corpus = read(path, quarantine=f"{folder}/aside")
        assert len(corpus) == 1
        assert [entry["row"] for entry in entries(Path(folder) / "aside")] == [
            {"dialogue": value} for value in values
        ]


def test_halves_of_surrogates_and_wrong_bytes_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'{"id": "\\ud83d", "dialogue": []}\n{"id": "\xff"}\n' + line(row()).encode())
    assert len(read(path, quarantine=tmp_path / "aside")) == 1
    assert [(entry["row"], entry["raw"]) for entry in entries(tmp_path / "aside")] == [
        (None, '{"id": "\\ud83d", "dialogue": []}'),
        (None, '{"id": "\\xff"}'),
    ]


def test_parquet_rows_are_set_aside_as_values(tmp_path: Path, csc: CSC) -> None:
    path = write_lines(tmp_path / "a", row(rating=4.5))
    assert csc("data", "convert", path, "--out", "a.parquet").returncode == 0
    unlike = csc("data", "check", "a.parquet", "--taxonomy", "esconv", "--quarantine", "aside")
    assert unlike.returncode == 1
    (entry,) = entries(tmp_path / "aside")
    assert (entry["row"], entry["raw"]) == (row(rating=4.5), None)


def test_a_place_where_nothing_can_be_written(tmp_path: Path, csc: CSC) -> None:
    path = write_lines(tmp_path / "a", row())
    done = csc("data", "check", path, "--quarantine", path)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: {path}: is the input itself (write to another file)\n",
    )
    same = csc("data", "convert", path, "--out", "b.json", "--quarantine", "./b.json")
    assert (same.returncode, same.stdout) == (2, "")
    assert "is to be written twice" in same.stderr
    assert not (tmp_path / "b.json").exists()
