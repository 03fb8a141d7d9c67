"""Transcripts as text: what a line is, where a dialogue ends, and what becomes of lines that say neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.rewriting import read_transcripts
from csc_dspy.rewriting.reading import MOST_TURNS
from tests.rewriting.transcripts import read_all, said, written

LINES = [
    ("客服：您好。", "s", "您好。"),
    ("客户: 卡丢了", "c", "卡丢了"),
    ("客服小王：在的", "s", "在的"),
    ("客服(小王)：在的", "s", "在的"),
    ("客服01: 在的", "s", "在的"),
    ("坐席[1001]：在的", "s", "在的"),
    ("客户张先生：你好", "c", "你好"),
    ("【客服】您好", "s", "您好"),
    ("【客户】：你好", "c", "你好"),
    ("小王（客服）：您好", "s", "您好"),
    ("用户：你好", "c", "你好"),
    ("话务员：请讲", "s", "请讲"),
    ("Agent: Hello", "s", "Hello"),
    ("AGENT : Hello", "s", "Hello"),
    ("Agent 2: Hello", "s", "Hello"),
    ("Agent (Anna): Hello", "s", "Hello"),
    ("Agent Anna Smith: Hello", "s", "Hello"),
    ("Anna (Support): Hello", "s", "Hello"),
    ("**Agent:** Hello", "s", "Hello"),
    ("- Customer: hi", "c", "hi"),
    ("[Customer] hi", "c", "hi"),
    ("Caller> hi", "c", "hi"),
    ("Customer - hi", "c", "hi"),
    ("Customer Service Representative: hi", "s", "hi"),
    ("Client：hi: there", "c", "hi: there"),
    ("[00:01:23] Agent: hi", "s", "hi"),
    ("10:31:05 客服小王：您好", "s", "您好"),
    ("2024-05-01 10:31:05 Customer: hi", "c", "hi"),
    ("2024年5月1日 10:31 客户：你好", "c", "你好"),
    ("(10:31 AM) Agent: hi", "s", "hi"),
    ("00:01:23 --> 00:01:27 Agent: hi", "s", "hi"),
    ("Agent [10:31:05]: hi", "s", "hi"),
    ("Agent 10:31:05: hi", "s", "hi"),
    ("[客服 10:31:05] 您好", "s", "您好"),
    ("Agent\tHello\tthere", "s", "Hello there"),
    ("10:31\t客户\t你好", "c", "你好"),
    ("2024-05-01 10:31:05,123 - Agent - Hello", "s", "Hello"),
    ("<b>客服</b>：您好<br>在吗 &amp; 好", "s", "您好 在吗 & 好"),
    ("客户：好👍🏽👨‍👩‍👧", "c", "好👍🏽👨‍👩‍👧"),
    ("客户：价格 <3，<手机号>", "c", "价格 <3，<手机号>"),
    ("客户：\u3000全角　空格\u200b", "c", "全角 空格"),
]


@pytest.mark.parametrize(("line", "speaker", "text"), LINES, ids=[line for line, _, _ in LINES])
def test_a_line_says_who_says_what(tmp_path: Path, line: str, speaker: str, text: str) -> None:
    (transcript,), aside = read_all(written(tmp_path, line))
    assert (said(transcript), aside) == ([(speaker, text)], [])


def test_the_time_is_kept(tmp_path: Path) -> None:
    (transcript,), _ = read_all(written(tmp_path, "[00:01:23] Agent: hi\n客户 2024-05-01 10:31:05\n你好"))
    times = [(turn.model_extra or {})["time"] for turn in transcript.conversation.dialogue]
    assert times == ["00:01:23", "2024-05-01 10:31:05"]
    assert said(transcript) == [("s", "hi"), ("c", "你好")]


STRANGERS = [
    "经理：我来处理",
    "Manager: let me see",
    "客户经理：我来处理",
    "no colon, and nobody before",
    "User name: x",
    "Client ID: 12",
]


@pytest.mark.parametrize("line", STRANGERS)
def test_nobody_known_is_reported_with_the_line(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, f"{line}\n客服：您好\n客户：好")
    (transcript,), aside = read_all(path)
    # What only tells something about the dialogue is no line of it.
    unread = 0 if line.startswith("Client ID") else 1
    assert aside == ["1"] * unread
    assert (transcript.unread, transcript.lines) == (unread, 2 + unread)
    assert said(transcript) == [("s", "您好"), ("c", "好")]


def test_without_a_place_for_them_such_lines_are_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "客服：您好\n经理：我来\n客户：好")
    with pytest.raises(DataError, match="nobody known is named") as caught:
        list(read_transcripts(path))
    assert caught.value.where == f"{path}:2"
    assert "我来" not in str(caught.value)


def test_names_can_be_added(tmp_path: Path) -> None:
    path = written(tmp_path, "A：您好\nB：你好\n经理：好的")
    (transcript,), aside = read_all(path, supporters=["A", "经理"], customers=["b"])
    assert said(transcript) == [("s", "您好"), ("c", "你好"), ("s", "好的")]
    assert aside == []
    with pytest.raises(ConfigError, match="both"):
        read_all(path, supporters=["A"], customers=["a"])


def test_what_follows_a_turn_belongs_to_it(tmp_path: Path) -> None:
    text = "客户：我要退货\n  订单号：12345\n还有一件事\n客服：好的\n经理：不行\n就是不行\n客户：哦"
    (transcript,), aside = read_all(written(tmp_path, text))
    assert said(transcript) == [("c", "我要退货 订单号：12345 还有一件事"), ("s", "好的"), ("c", "哦")]
    # What a stranger goes on to say is not what the supporter said before.
    assert aside == ["5", "6"]


def test_where_turns_have_times_a_line_without_one_goes_on(tmp_path: Path) -> None:
    text = "[00:01] Agent: Dear all\nBoss: is what I wrote\n[00:09] Manager: no\n[00:10] Customer: hi"
    (transcript,), aside = read_all(written(tmp_path, text))
    assert said(transcript) == [("s", "Dear all Boss: is what I wrote"), ("c", "hi")]
    assert aside == ["3"]


def test_names_on_lines_of_their_own(tmp_path: Path) -> None:
    text = "AGENT\nHello\nCUSTOMER\nHi\nNote: it is me\n客服 小王 10:31:05\n您好\n客户 10:31:20\n在"
    (transcript,), aside = read_all(written(tmp_path, text))
    assert said(transcript) == [("s", "Hello"), ("c", "Hi Note: it is me"), ("s", "您好"), ("c", "在")]
    assert aside == []


def test_subtitles(tmp_path: Path) -> None:
    cues = [("1", "01", "Agent: Hello"), ("2", "04", "Customer: Hi\nwell"), ("3", "06", "Agent: ok")]
    text = "\n".join(f"{n}\n00:00:{time},000 --> 00:00:{time},900\n{said}\n" for n, time, said in cues)
    (transcript,), aside = read_all(written(tmp_path, text))
    assert (said(transcript), aside) == ([("s", "Hello"), ("c", "Hi well"), ("s", "ok")], [])


def test_a_further_time_is_no_part_of_what_is_said(tmp_path: Path) -> None:
    text = "00:01 Agent: one\n00:03 two\n00:04\n00:05 Customer: three"
    (transcript,), _ = read_all(written(tmp_path, text))
    assert said(transcript) == [("s", "one two"), ("c", "three")]
    (transcript,), _ = read_all(written(tmp_path, "客户：你好\n10:30 打过一次\n客服：好"))
    assert said(transcript) == [("c", "你好 10:30 打过一次"), ("s", "好")]


def test_notices_of_machines_are_no_turns(tmp_path: Path) -> None:
    text = "[系统] 通话开始\n客服：您好\nSystem: recording\n系统消息：已转接\n客户：好"
    (transcript,), aside = read_all(written(tmp_path, text))
    assert said(transcript) == [("s", "您好"), ("c", "好")]
    assert aside == []


def dialogues(path: Path, **options: str) -> list[tuple[str | None, str]]:
    read, _ = read_all(path, **options)
    return [(each.conversation.id, "".join(text for _, text in said(each))) for each in read]


def test_blank_lines_end_a_dialogue(tmp_path: Path) -> None:
    path = written(tmp_path, "客服：a\n客户：b\n\n\n客服：c\n客户：d\n")
    assert dialogues(path) == [("raw-1", "ab"), ("raw-2", "cd")]
    assert [each.origin for each in read_all(path)[0]] == [f"{path}:1", f"{path}:5"]
    assert dialogues(path, separator="file") == [("raw-1", "abcd")]


def test_blank_lines_between_all_turns_end_nothing(tmp_path: Path) -> None:
    assert dialogues(written(tmp_path, "客服：a\n\n客户：b\n\n客服：c\n")) == [("raw-1", "abc")]
    text = "客服：a\n\n客户：b\n\n\n客服：c\n\n客户：d"
    assert dialogues(written(tmp_path, text)) == [("raw-1", "ab"), ("raw-2", "cd")]


HEADERS = [
    ("=== 对话 12 ===", "12"),
    ("对话编号：A-12", "A-12"),
    ("Call ID: 12", "12"),
    ("# Conversation 12", "12"),
    ("第12通录音", "12"),
    ("Ticket #12", "12"),
    ("--------", "raw-1"),
]


@pytest.mark.parametrize(("header", "id_"), HEADERS, ids=[header for header, _ in HEADERS])
def test_headers_end_a_dialogue_and_name_the_next(tmp_path: Path, header: str, id_: str) -> None:
    path = written(
        tmp_path, f"{header}\n日期：2024-05-01\n\n客服：a\n\n客户：b\n{header.replace('12', '13')}\n客服：c"
    )
    assert [text for _, text in dialogues(path)] == ["ab", "c"]
    assert dialogues(path)[0][0] == id_


def test_a_transcript_too_long_to_hold_is_cut_and_says_so(tmp_path: Path) -> None:
    lines = "".join(f"客服：{n}\n客户：{n}\n" for n in range(MOST_TURNS))
    path = written(tmp_path, f"{lines}\n客服：a\n客户：b\n")
    (long, short), aside = read_all(path)
    assert long.cut
    assert len(long.conversation.dialogue) == MOST_TURNS
    assert long.lines == 2 * MOST_TURNS
    assert (short.cut, said(short), aside) == (False, [("s", "a"), ("c", "b")], [])
