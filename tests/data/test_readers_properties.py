"""Whatever the bytes are and in whatever chunks they come."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csc_dspy.data.readers import RawRow
from csc_dspy.data.readers.content import Content
from csc_dspy.data.readers.detection import detect
from csc_dspy.exceptions import DataError
from tests.data.rows import json_values, texts

objects = st.dictionaries(texts, json_values, min_size=1, max_size=4)


def chunks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def read(content: bytes, size: int) -> tuple[list[RawRow], str | None]:
    """The rows, and the error behind them."""
    rows: list[RawRow] = []
    try:
        data = Content("file", chunks(content, size))
        rows.extend(detect(data).rows(data))
    except DataError as error:
        return rows, str(error)
    return rows, None


def as_lines(rows: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_list(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False)


def as_indented_list(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=2)


def as_objects(rows: Sequence[dict[str, Any]]) -> str:
    return "\n".join(json.dumps(row, indent=1) for row in rows)


@pytest.mark.parametrize("spell", [as_lines, as_list, as_indented_list, as_objects])
@settings(deadline=None)
@given(rows=st.lists(objects, min_size=1, max_size=6), size=st.integers(1, 400), data=st.data())
def test_rows_come_back_whatever_the_chunks(
    spell: Callable[[Sequence[dict[str, Any]]], str],
    rows: list[dict[str, Any]],
    size: int,
    data: st.DataObject,
) -> None:
    text = spell(rows)
    if data.draw(st.booleans(), label="CRLF"):
        text = text.replace("\n", "\r\n")
    content = text.encode("utf-8-sig" if data.draw(st.booleans(), label="BOM") else "utf-8")
    if data.draw(st.booleans(), label="gzip"):
        content = gzip.compress(content)
    found, error = read(content, size)
    assert error is None
    assert [row.value for row in found] == rows
    assert [row for row in found if row.problems] == []
    assert [row.line for row in found] == lines_of_rows(text)


def lines_of_rows(text: str) -> list[int]:
    """The line on which each row begins, found by decoding the whole text at once."""
    decoder, place, lines = json.JSONDecoder(), 0, []
    while (begin := text.find("{", place)) >= 0:
        lines.append(1 + text.count("\n", 0, begin))
        _, place = decoder.raw_decode(text, begin)
    return lines


pieces = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"\\",
        b",",
        b":",
        b"\n",
        b"\r\n",
        b" ",
        b"1",
        b"-",
        b"e9",
        b"tru",
        b"null",
        b"\\ud800",
        b"\xff",
        b"\xe4\xbd",
        "你".encode(),
        b'{"a":1}',
        b"NaN",
        b"\x1f\x8b",
        b"\xef\xbb\xbf",
        b"PAR1",
        b'{"dialogue": [{}]}\n',
        b"[[[[",
        b'"dialogue"',
        gzip.compress(b'{"a":1}\n'),
        b"\0",
    ]
)
damaged = st.lists(pieces | st.binary(max_size=4), max_size=25).map(b"".join)


@settings(deadline=None)
@given(content=damaged, size=st.integers(1, 60))
@example(content=b"[1, 2", size=3)
@example(content=b'{"a": [\n{"b": 1}\n', size=1000)
@example(content=b"PAR1" + b"\0" * 50 + b"PAR1", size=1000)
@example(content=b"[" * 100_000, size=1000)
@example(content=b'{"a":' * 100_000, size=1000)
@example(content=b'{"a": ' + b"9" * 5000 + b"}", size=1000)
@example(content=b'{"a": 1e999}', size=1000)
def test_anything_else_is_an_error_of_data_in_the_same_place(content: bytes, size: int) -> None:
    rows, error = read(content, size)
    # As text, in which NaN is the same as itself.
    assert repr((rows, error)) == repr(read(content, len(content) + 1))
    for row in rows:
        assert all(problem.line for problem in row.problems)
        assert row.problems or isinstance(row.value, dict)


@settings(deadline=None)
@given(rows=st.lists(objects, min_size=1, max_size=5), data=st.data())
def test_a_damaged_line_costs_no_other(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    lines = as_lines(rows).encode().splitlines(keepends=True)
    lines.insert(0, b"{}\n")
    at = data.draw(st.integers(1, len(rows)), label="line")
    lines[at] = (
        data.draw(st.binary(min_size=1).map(lambda junk: b"x" + junk.replace(b"\n", b"")), label="junk")
        + b"\n"
    )
    found, error = read(b"".join(lines), 50)
    assert error is None
    assert [row.line for row in found if row.problems] == [at + 1]
    assert [row.value for row in found if not row.problems] == [{}, *rows[: at - 1], *rows[at:]]
