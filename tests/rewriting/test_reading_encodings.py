"""Text in whatever encoding it comes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from csc_dspy.exceptions import DataError
from tests.rewriting.transcripts import read_all, said, written

TEXT = "客服：您好，镕先生\n客户：联通的卡丢了\n"
SAID = [("s", "您好，镕先生"), ("c", "联通的卡丢了")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    (transcript,), aside = read_all(written(tmp_path, TEXT.encode(encoding)))
    assert (said(transcript), aside) == (SAID, [])


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_both_orders_of_utf_16(tmp_path: Path, order: str) -> None:
    (transcript,), _ = read_all(written(tmp_path, f"\ufeff{TEXT}".encode(order)))
    assert said(transcript) == SAID


def test_every_line_may_have_its_own(tmp_path: Path) -> None:
    first, second = TEXT.splitlines()
    english = "Agent: it’s fine – really"
    content = b"\r\n".join([first.encode(), second.encode("gb18030"), english.encode("cp1252")])
    (transcript,), _ = read_all(written(tmp_path, content))
    assert said(transcript) == [*SAID, ("s", "it’s fine – really")]


def test_json_and_tables_too(tmp_path: Path) -> None:
    row = '{"messages": [{"role": "客服", "content": "您好"}, {"role": "客户", "content": "你好"}]}'
    table = "编号,角色,内容\n1,客服,您好\n1,客户,你好\n"
    for name, text in (("a.json", row), ("a.csv", table)):
        for encoding in ("gb18030", "utf-16", "utf-8-sig"):
            (transcript,), _ = read_all(written(tmp_path, text.encode(encoding), name))
            assert said(transcript) == [("s", "您好"), ("c", "你好")]


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    (transcript,), _ = read_all(written(tmp_path, gzip.compress(TEXT.encode()), "raw.txt.gz"))
    assert said(transcript) == SAID


def test_a_line_that_is_no_text_is_set_aside_with_its_place(tmp_path: Path) -> None:
    content = "客服：您好\n".encode() + b"\xff\xff\xff\xff\n" + "客户：好\n".encode()
    (transcript,), aside = read_all(written(tmp_path, content))
    assert (said(transcript), aside) == ([("s", "您好"), ("c", "好")], ["2"])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("客服：您好\n".encode("utf-16-le"), "is not text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text"),
        (b"\xff\xfe" + "客服：您好".encode("utf-16-le") + b"\x00", "not UTF-16"),
        (b"", "holds no transcripts"),
        (b"\n \n\n", "holds no transcripts"),
    ],
    ids=["UTF-16 without a mark", "a picture", "half a character", "nothing", "empty lines"],
)
def test_what_is_no_transcript_is_refused_with_its_place(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataError, match=problem) as caught:
        read_all(path)
    assert (caught.value.where or "").startswith(str(path))
