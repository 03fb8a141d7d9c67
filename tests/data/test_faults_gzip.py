"""Packed files that are damaged: what was read before is delivered, and the place is named."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from pathlib import Path

import pytest

from csc_dspy.data import check, read
from csc_dspy.data.readers.content import Content
from csc_dspy.exceptions import DataError
from tests.conftest import CSC
from tests.data.rows import CUSTOMER, SUPPORTER, line


def rows(count: int) -> list[dict[str, object]]:
    """Rows that do not pack well, so that a packed file is long too."""
    draw = random.Random(7)
    return [
        {
            "id": str(number),
            "dialogue": [
                SUPPORTER | {"text": "".join(chr(draw.randrange(0x4E00, 0x9F00)) for _ in range(300))},
                CUSTOMER,
            ],
        }
        for number in range(count)
    ]


ROWS = rows(300)
FORMS = {
    "lines": "".join(map(line, ROWS)),
    "list": json.dumps(ROWS, ensure_ascii=False),
    "indented list": json.dumps(ROWS, ensure_ascii=False, indent=1),
    "objects": "\n".join(json.dumps(row, ensure_ascii=False, indent=1) for row in ROWS),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_cut_short(tmp_path: Path, form: str) -> None:
    packed = gzip.compress(FORMS[form].encode(), mtime=0)
    path = tmp_path / "a.gz"
    path.write_bytes(packed[: len(packed) // 2])
    readable = zlib.decompressobj(31).decompress(path.read_bytes())
    report = check(path)
    (problem,) = report.problems
    assert problem.problem == "the gzip data breaks off"
    # The row that is cut through begins on the line named, and is the next after those delivered.
    place, following = (FORMS[form].index(f'"id": "{report.dialogues + more}"') for more in (0, 1))
    assert len(FORMS[form][:following].encode()) >= len(readable) > 100_000
    assert problem.line == 1 + FORMS[form].count("\n", 0, FORMS[form].rindex("{", 0, place))
    assert not report.complete


@pytest.mark.parametrize("form", FORMS)
def test_a_checksum_that_does_not_fit(tmp_path: Path, form: str) -> None:
    packed = bytearray(gzip.compress(FORMS[form].encode(), mtime=0))
    packed[-8] ^= 1
    path = tmp_path / "a.gz"
    path.write_bytes(packed)
    conversations = iter(read(path))
    assert [next(conversations).id for _ in range(200)] == [str(number) for number in range(200)]
    with pytest.raises(DataError, match=r"a\.gz:\d+: the gzip data is damaged \(get the file anew\)"):
        for _ in conversations:
            pass


@pytest.mark.parametrize("size", [2, 9, 12, 30])
def test_nothing_of_it_can_be_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b" " * 1000 + FORMS["lines"].encode(), mtime=0)[:size])
    assert [str(problem) for problem in check(path).problems] == [
        f"{path}: the gzip data breaks off (get the file anew)"
    ]


def test_damage_in_the_middle(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(FORMS["lines"].encode(), mtime=0))
    path = tmp_path / "a.gz"
    for place in random.Random(3).sample(range(20, len(packed)), 40):
        damaged = packed.copy()
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        assert not check(path).complete


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 10**6])
def test_members_and_zeros_behind_one_another(size: int) -> None:
    one, other = (gzip.compress(content) for content in (b"one\n", b"other\n"))
    packed = one + b"\0" * 10 + other + b"\0" * 600
    chunks = (packed[at : at + size] for at in range(0, len(packed), size))
    assert b"".join(Content("file", chunks)) == b"one\nother\n"


def test_what_follows_the_packed_data_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(FORMS["lines"].encode()) + b"more")
    assert [problem.problem for problem in check(path).problems] == ["the gzip data is damaged"]
    assert check(path).dialogues == len(ROWS)


def test_the_command_line_tells_it_in_one_line(tmp_path: Path, csc: CSC) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(FORMS["lines"].encode())[:20_000])
    done = csc("data", "check", path, "--json")
    assert done.returncode == 2
    found = json.loads(done.stdout)
    line_number = found["dialogues"] + 1
    expected = f"{path}:{line_number}: the gzip data breaks off (get the file anew)"
    assert done.stderr == f"error: {expected}\n"
    assert found["problems"] == [
        {
            "file": str(path),
            "line": line_number,
            "turn": None,
            "problem": "the gzip data breaks off",
            "remedy": "get the file anew",
        }
    ]
    converted = csc("data", "convert", path, "--out", tmp_path / "out.json")
    assert (converted.returncode, converted.stderr) == (2, f"error: {expected}\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.jsonl.gz"]
