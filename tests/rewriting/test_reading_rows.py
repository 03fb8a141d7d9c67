"""Transcripts in tables and in JSON, a dialogue or a turn a row, under any names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.rewriting import Columns, read_transcripts
from tests.rewriting.transcripts import read_all, said, written

TURNS = [{"speaker": "agent", "text": "Hello"}, {"speaker": "customer", "text": "Hi"}]
SAID = [("s", "Hello"), ("c", "Hi")]


def test_a_table_with_a_turn_a_row(tmp_path: Path) -> None:
    table = (
        "call_id,role,utterance,ts\n"
        '1,agent,"Hello, there",10:00\n'
        "1,customer,Hi,10:01\n"
        "\n"
        '2,坐席,"两行\n文字",10:02\n'
        "2,客户,你好,\n"
        "2,nobody,zzz,\n"
    )
    path = written(tmp_path, table, "calls.csv")
    (one, two), aside = read_all(path)
    assert (one.conversation.id, said(one)) == ("1", [("s", "Hello, there"), ("c", "Hi")])
    assert (two.conversation.id, said(two)) == ("2", [("s", "两行 文字"), ("c", "你好")])
    assert (one.origin, two.origin) == (f"{path}:2", f"{path}:5")
    assert aside == ["8"]
    assert (one.conversation.dialogue[0].model_extra or {})["time"] == "10:00"


@pytest.mark.parametrize("between", [";", "\t", "|"])
def test_other_signs_between_columns(tmp_path: Path, between: str) -> None:
    rows = [("会话编号", "角色", "内容"), ("7", "客服", "您好"), ("7", "客户", "你好，在吗")]
    path = written(tmp_path, "\n".join(between.join(row) for row in rows), "calls.csv")
    (transcript,), _ = read_all(path)
    assert said(transcript) == [("s", "您好"), ("c", "你好，在吗")]


def test_columns_of_any_name(tmp_path: Path) -> None:
    path = written(tmp_path, "k;w;what\n1;0;Hello\n1;1;Hi\n", "calls.csv")
    columns = "dialogue=k, speaker=w, text=what"
    (transcript,), _ = read_all(path, columns=columns, supporters=["0"], customers=["1"])
    assert (transcript.conversation.id, said(transcript)) == ("1", SAID)
    with pytest.raises(DataError, match="has no column 'x', but k, w, what"):
        read_all(path, columns="text=x")
    with pytest.raises(DataError, match="no column holds the text, among k, w, what"):
        read_all(path)


@pytest.mark.parametrize("wrong", ["text", "text=", "word=x", "text=a,text=b"])
def test_columns_that_name_nothing(wrong: str) -> None:
    with pytest.raises(ConfigError, match="names no column"):
        Columns.parse(wrong)


def test_a_table_with_a_transcript_a_row(tmp_path: Path) -> None:
    path = written(tmp_path, 'id,transcript\n7,"Agent: Hello\nCustomer: Hi"\n8,"客服：好"\n', "calls.csv")
    (one, two), _ = read_all(path)
    assert (one.conversation.id, said(one), two.conversation.id) == ("7", SAID, "8")


def test_rows_of_a_dialogue_that_are_scattered_are_refused_with_the_place(tmp_path: Path) -> None:
    path = written(tmp_path, "id,role,text\n1,agent,a\n2,agent,b\n1,customer,c\n", "calls.csv")
    with pytest.raises(DataError, match="do not stand together") as caught:
        read_all(path)
    assert caught.value.where == f"{path}:4"


def test_a_row_with_too_many_fields_is_set_aside(tmp_path: Path) -> None:
    path = written(
        tmp_path, "id,role,text\n1,agent,Hello\n1,customer,Hi, there\n1,customer,Hi\n", "calls.csv"
    )
    (transcript,), aside = read_all(path)
    assert (said(transcript), aside) == (SAID, ["3"])


SHAPES: list[Any] = [
    {"id": "x", "dialogue": TURNS},
    {"call_id": "x", "turns": [{"from": "agent", "body": "Hello"}, {"from": "user", "body": "Hi"}]},
    {"id": "x", "messages": [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Hi"}]},
    {"id": "x", "conversation": ["Agent: Hello", "Customer: Hi"]},
    {"id": "x", "transcript": "Agent: Hello\nCustomer: Hi"},
    {"id": "x", "text": "Agent: Hello\n\nCustomer: Hi"},
]


@pytest.mark.parametrize("shape", SHAPES, ids=[next(iter({*shape} - {"id", "call_id"})) for shape in SHAPES])
@pytest.mark.parametrize("form", ["{}", "[{}]", "{}\n"])
def test_json_with_a_dialogue_a_row(tmp_path: Path, shape: object, form: str) -> None:
    path = written(tmp_path, form.replace("{}", json.dumps(shape)), "calls.json")
    (transcript,), aside = read_all(path)
    assert (transcript.conversation.id, said(transcript), aside) == ("x", SAID, [])


def test_json_with_a_turn_a_row(tmp_path: Path) -> None:
    rows = [{"call": n, **turn} for n in (1, 2) for turn in TURNS]
    path = written(tmp_path, "\n".join(map(json.dumps, rows)), "calls.jsonl")
    assert [(each.conversation.id, said(each)) for each in read_all(path)[0]] == [("1", SAID), ("2", SAID)]
    path = written(tmp_path, json.dumps(TURNS), "one.json")
    assert [said(each) for each in read_all(path)[0]] == [SAID]


def test_rows_without_a_dialogue_are_set_aside(tmp_path: Path) -> None:
    rows = [
        '{"id": 1}',
        "{broken",
        json.dumps({"dialogue": [*TURNS, {"speaker": "bot", "text": "x"}]}),
        "[1]",
    ]
    (transcript,), aside = read_all(written(tmp_path, "\n".join(rows), "calls.jsonl"))
    assert (said(transcript), transcript.unread) == (SAID, 1)
    assert aside[:3] == ["1", "2", "3"]


def test_only_what_was_said_is_taken_over(tmp_path: Path) -> None:
    row = {
        "id": 5,
        "customer_phone": "13800138000",
        "dialogue": [{**TURNS[0], "agent": "王小明", "strategy": "GT"}],
    }
    (transcript,), _ = read_all(written(tmp_path, json.dumps(row), "calls.json"))
    assert "13800138000" not in json.dumps(transcript.conversation.row(), ensure_ascii=False)
    assert transcript.conversation.row() == {
        "id": "5",
        "dialogue": [{"speaker": "客服", "strategy": "", "text": "Hello"}],
    }


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    written(folder, "Agent: Hello\nCustomer: Hi", "b.txt")
    written(folder, "客服：您好", "a/deep.log")
    written(folder, json.dumps(TURNS), "c.json")
    written(folder, b"%PDF", "d.pdf")
    written(folder, "Agent: no", ".hidden.txt")
    assert [each.conversation.id for each in read_transcripts(folder)] == ["deep-1", "b-1", "c-1"]
    with pytest.raises(DataError, match="no transcripts in this folder"):
        list(read_transcripts(written(tmp_path / "other", b"", "x.pdf").parent))
    with pytest.raises(DataError, match="there is no such file"):
        read_transcripts(tmp_path / "nowhere")
