"""JSON in its three forms: what is wrong is found where it is, and the rest is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csc_dspy.data import Problem, check
from csc_dspy.data.readers import ROW_LIMIT, form_of
from csc_dspy.exceptions import DataError
from tests.data.rows import CUSTOMER, SUPPORTER, line, row, write_lines

GOOD = line(row())


def problems(path: Path) -> list[tuple[int | None, int | None, str]]:
    return [(found.line, found.turn, found.problem) for found in check(path).problems]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("oops", "is not JSON: expecting value at column 1"),
        ('{"dialogue": [', "is not JSON: expecting value at column 15"),
        ('{"dialogue": "abc', "is not JSON: unterminated string at column 14"),
        ('{"a": 1,, "b": 2}', "is not JSON: expecting property name enclosed in double quotes at column 9"),
        ("  [1, 2]", "is a list, not an object"),
        ("null", "is null, not an object"),
        ('"dialogue"', "is text, not an object"),
        ("17", "is a number, not an object"),
        ("true", "is true or false, not an object"),
        (GOOD.strip() + GOOD.strip(), f"goes on behind its object at column {len(GOOD)}"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_line_that_is_no_object(tmp_path: Path, bad: str, problem: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", row(), bad, row())
    assert problems(path) == [(2, None, problem)]
    assert check(path).dialogues == 2


@pytest.mark.parametrize(
    ("spelled", "problem"),
    [
        ("NaN", "holds NaN or Infinity, which JSON does not have"),
        ("-Infinity", "holds NaN or Infinity, which JSON does not have"),
        ("1e999", "holds a number too large to keep"),
        ("9" * 5000, "holds a number too large to keep"),
        ('"\\ud83d"', "holds half of a surrogate pair, which is no character"),
        ('{"a": 1, "b": 2, "a": 3}', "has the key 'a' twice"),
    ],
)
@pytest.mark.parametrize("form", ["{}\n", "[{}]", "{}{}"])
def test_values_that_json_should_not_have(tmp_path: Path, form: str, spelled: str, problem: str) -> None:
    path = tmp_path / "file"
    bad = f'{{"rating": {spelled}, {GOOD.strip()[1:]}'
    if form == "[{}]":
        path.write_text(f"[{bad},{GOOD}]", encoding="utf-8")
    else:
        path.write_text(form.format(bad, json.dumps(row(), indent=1)) + GOOD, encoding="utf-8")
    assert problems(path) == [(1, None, problem)]


def test_a_whole_surrogate_pair_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row(dialogue=[SUPPORTER | {"text": "好的😀"}])), encoding="ascii")
    assert check(path).ok


@pytest.mark.parametrize("spelled", [b"\xff", b"\xe4\xbd", b"\xed\xa0\x80"])
def test_bytes_that_are_no_utf8(tmp_path: Path, spelled: bytes) -> None:
    bad = GOOD.replace("吞", "吞X").encode().replace(b"X", spelled)
    lines, listed = tmp_path / "lines", tmp_path / "list"
    lines.write_bytes(GOOD.encode() + bad + GOOD.encode())
    listed.write_bytes(b"[" + b",".join((GOOD.encode(), bad, GOOD.encode())) + b"]")
    for path in (lines, listed):
        found = check(path)
        assert found.dialogues == 2
        assert {(each.line, each.problem) for each in found.problems} >= {(2, "is not UTF-8 text")}


def test_marks_line_ends_and_empty_lines_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"\n{GOOD}\n  \n{{}}\n{GOOD}".replace("\n", "\r\n").encode())
    assert problems(path) == [(5, None, "has no `dialogue`")]
    assert check(path).dialogues == 2


def test_a_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD + GOOD.strip(), encoding="utf-8")
    assert check(path).dialogues == 2


def test_a_line_longer_than_the_limit_is_one_bad_row(tmp_path: Path) -> None:
    fitting = line(row(note="x" * (ROW_LIMIT - len(line(row(note="")).encode()) + 1)))
    assert len(fitting.encode()) == ROW_LIMIT + 1
    path = tmp_path / "a.jsonl"
    path.write_text(fitting + GOOD + "x" + fitting + GOOD, encoding="utf-8")
    assert problems(path) == [(3, None, "is longer than 16 MiB")]
    assert check(path).dialogues == 3


@pytest.mark.parametrize("times", [1, 3])
def test_an_element_longer_than_the_limit_ends_the_list(tmp_path: Path, times: int) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([row(), row(note="x" * times * ROW_LIMIT)], indent=1), encoding="utf-8")
    report = check(path)
    assert (report.dialogues, report.complete) == (1, False)
    begin = len(json.dumps([row()], indent=1).splitlines())
    assert [(each.line, each.problem) for each in report.problems] == [
        (begin, "a conversation is longer than 16 Mi characters")
    ]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (f"[{GOOD},{GOOD}", 3, "the list breaks off"),
        (f"[{GOOD},", 2, "the JSON breaks off"),
        (f'[{GOOD},{{"dialogue": "ab', 2, "the JSON breaks off"),
        (f'[{GOOD},\n{{"dialogue": [}}', 3, "is not JSON: expecting value at column 15"),
        (f"[{GOOD} {GOOD}]", 2, "no comma between two conversations at column 2"),
        (f"[{GOOD}]\n[", 3, "goes on behind the end of the list at column 1"),
        (f"[{GOOD},\n{'[' * 100_000}", 3, "is nested too deeply"),
    ],
)
def test_where_a_list_breaks_the_rows_before_it_are_read(
    tmp_path: Path, text: str, line: int, problem: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    report = check(path)
    assert not report.complete
    assert [(each.file, each.line, each.problem) for each in report.problems] == [(str(path), line, problem)]
    assert report.dialogues == text.count(GOOD) - text.count(f" {GOOD}")


def test_pretty_printed_rows_have_the_line_of_the_turn(tmp_path: Path) -> None:
    bad = row(id="b", profile={"tags": ["a", {"dialogue": [1]}]})
    bad["dialogue"] = [SUPPORTER, CUSTOMER | {"text": ""}, SUPPORTER, CUSTOMER | {"speaker": "谁"}]
    text = json.dumps([row(), bad, {"dialogue": 5}], ensure_ascii=False, indent=2)
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    opening = [number for number, content in enumerate(lines, start=1) if content == "      {"]
    last_row = max(number for number, content in enumerate(lines, start=1) if content == "  {")
    # Two turns are those of the first row.
    assert problems(path) == [
        (opening[3], 2, "`text` is empty"),
        (opening[5], 4, "unknown speaker '谁'"),
        (last_row, None, "`dialogue` is a number, not a list"),
    ]


def test_of_several_dialogues_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{"id": "a", "dialogue": [],\n"extra": [1,\n{}],\n"dialogue":\n[5\n,\n6], "rating": %s}'
        % ("9" * 5000),
        encoding="utf-8",
    )
    assert [found for found in problems(path) if found[1]] == [
        (5, 1, "is a number, not an object"),
        (7, 2, "is a number, not an object"),
    ]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (GOOD, "JSON Lines"),
        (GOOD + GOOD, "JSON Lines"),
        ("\n\n" + GOOD, "JSON Lines"),
        (f"not JSON\n{GOOD}", "JSON Lines"),
        (f'{{"dialogue": [\n{GOOD}{GOOD}', "JSON Lines"),
        (f"[{GOOD}]", "JSON list"),
        ("  \n[]", "JSON list"),
        (json.dumps(row(), indent=2), "JSON objects"),
        (json.dumps(row(), indent=2) * 2, "JSON objects"),
        (GOOD.strip() + GOOD.strip(), "JSON objects"),
        ('{\n "dialogue": [', "JSON objects"),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt", "a"])
def test_the_form_is_told_from_the_content(tmp_path: Path, name: str, text: str, form: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert form_of(path) == form


def test_one_object_over_many_lines_is_one_conversation(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(row(), indent=2), encoding="utf-8")
    assert (check(path).dialogues, check(path).ok) == (1, True)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b" \r\n\t", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"[ ]", "holds no conversations"),
        ("您好\n".encode(), "is neither JSON nor Parquet"),
        (b"dialogue,source\n", "is neither JSON nor Parquet"),
        ('{"dialogue": []}'.encode("utf-16"), "is UTF-16 text"),
    ],
)
def test_a_file_that_has_no_rows(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    (found,) = check(path).problems
    assert found == Problem(str(path), None, None, problem, found.remedy)


def test_a_gap_longer_than_any_look_ahead(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\n" * 200_000 + b"[" + b" " * 600_000 + GOOD.encode() + b"]")
    assert check(path).dialogues == 1


def test_reading_ends_where_the_file_does(tmp_path: Path) -> None:
    from csc_dspy.data import read

    path = tmp_path / "a.json"
    path.write_text(f"[{GOOD},{GOOD}", encoding="utf-8")
    rows = iter(read(path))
    assert [next(rows).row(), next(rows).row()] == [row(), row()]
    with pytest.raises(DataError, match=r"a\.json:3: the list breaks off \(get the file anew\)"):
        next(rows)
