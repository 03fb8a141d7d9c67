"""From raw transcripts to a folder: what is in it, and what is nowhere in it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

import csc_dspy as csc
from csc_dspy.exceptions import DataError, OutputError
from csc_dspy.redaction import Replaced
from csc_dspy.rewriting import Rules, restore, rewrite
from csc_dspy.rewriting.building import Mode
from csc_dspy.rewriting.keeping import read_map
from tests.rewriting.transcripts import said, spoken, written
from tests.support.browser import Page

SECRETS = ("13800138000", "王小明", "415-555-2671", "Jasper", "a.b@example.com", "建国路", "13900139000")

RAW = """\
=== 对话 1 ===
[00:00:01] 客服小李：您好，农信客服。
[00:00:03] 客户：你好，我的卡被吞了。
[00:00:05] 客户：手机号13800138000
[00:00:09] 客服小李：请问怎么称呼您？
[00:00:12] 客户：我叫王小明，住北京市朝阳区建国路88号
[00:00:15] 客服小李：王小明您好，马上为您登记。
[00:00:18] 客户：好的谢谢，麻烦快一点。
[00:00:20] 客服小李：请您放心，再见。
=== Call 2 ===
[00:00:01] Agent: Good morning, how can I help?
[00:00:03] Customer: My card was swallowed, my number is 415-555-2671
[00:00:05] Agent: May I have your name?
[00:00:07] Customer: My name is Jasper Quill, mail a.b@example.com
[00:00:09] Agent: Thank you Jasper, it is on its way.
[00:00:11] Customer: Thanks a lot for that
[00:00:12] [系统] 通话结束
=== Call 3 ===
[00:00:01] Agent: Hello? Is this 13900139000?
[00:00:04] Agent: Anyone there?
=== Call 3 ===
[00:00:01] Manager: 13800138000, call him
[00:00:02] Agent: What can I do for you?
[00:00:03] Customer: Is this the bank?
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return written(tmp_path, RAW, "calls/13800138000.txt")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_folder_has_everything(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = rewrite(raw, out, mode="annotate")
    assert sorted(path.name for path in out.iterdir()) == [
        *(
            "README.md",
            "conversations.jsonl",
            "dropped.jsonl",
            "funnel.json",
            "quarantine.jsonl",
            "report.html",
        )
    ]
    assert outcome.to_dict() == {
        "in": 4,
        "dropped": {"one_speaker": 1, "unread_lines": 1},
        "kept": 2,
        "lines": {"read": 18, "set_aside": 1},
        "redacted": {"phone": 2, "name": 4, "address": 1, "email": 1},
        "out": str(out),
        "seconds": round(outcome.seconds, 2),
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls", "out"]


def test_the_conversations_can_be_read(raw: Path, tmp_path: Path) -> None:
    rewrite(raw, tmp_path / "out", mode="annotate")
    chinese, english = csc.read(tmp_path / "out" / "conversations.jsonl", require_labels=True)
    assert (chinese.id, english.id) == ("1", "2")
    assert (chinese.source, chinese.language, english.language) == ("transcripts, annotated", "zh", "en")
    assert said(chinese)[1] == ("c", "你好，我的卡被吞了。 手机号[电话1]")
    assert said(chinese)[4] == ("s", "[姓名1]您好，马上为您登记。")
    assert said(english)[4] == ("s", "Thank you [NAME_2], it is on its way.")
    assert all(turn.stage for _, turn in chinese.supporter_turns())
    assert (chinese.dialogue[0].model_extra or {})["time"] == "00:00:01"
    # Whoever reads the whole folder is stopped before what was dropped gets in.
    with pytest.raises(DataError, match="has no `dialogue`"):
        list(csc.read(tmp_path / "out"))


def test_nothing_personal_is_in_any_file(raw: Path, tmp_path: Path) -> None:
    modes: tuple[Mode, ...] = ("annotate", "rules")
    for mode in modes:
        rewrite(raw, tmp_path / mode, mode=mode)
        for path in (tmp_path / mode).iterdir():
            text = path.read_text(encoding="utf-8")
            assert not [secret for secret in SECRETS if secret in text], path.name


def test_dropped_dialogues_are_kept_with_reasons(raw: Path, tmp_path: Path) -> None:
    rewrite(raw, tmp_path / "out", mode="rules")
    alone, unread = lines(tmp_path / "out" / "dropped.jsonl")
    assert (alone["id"], alone["step"], alone["reason"]) == ("3", "rules", "one_speaker")
    assert alone["transcript"][0]["text"] == "Hello? Is this [PHONE_1]? Anyone there?"
    # An id that another has is told apart.
    assert (unread["id"], unread["reason"]) == ("3-2", "unread_lines")
    assert unread["detail"].startswith("1 of 3 lines")
    (aside,) = lines(tmp_path / "out" / "quarantine.jsonl")
    assert (aside["line"], aside["raw"]) == (22, "[00:00:01] Manager: ▇▇▇▇▇▇▇▇▇▇▇, call him")
    funnel = json.loads((tmp_path / "out" / "funnel.json").read_text(encoding="utf-8"))
    assert [(step["step"], step["in"], step["out"]) for step in funnel["steps"]] == [
        ("merge", 4, 4),
        ("rules", 4, 2),
        ("redact", 2, 2),
    ]
    (example,) = funnel["steps"][1]["dropped"]["one_speaker"]["examples"]
    assert example["origin"].endswith(":18")
    assert example["begins"] == ["supporter: Hello? Is this [PHONE_1]? Anyone there?"]


def test_three_examples_of_each_reason(tmp_path: Path) -> None:
    raw = written(tmp_path, "\n\n".join(["Agent: Hello\nAgent: Hi"] * 9))
    outcome = rewrite(raw, tmp_path / "out", mode="rules")
    told = outcome.funnel["steps"][1]["dropped"]["one_speaker"]
    assert (told["count"], len(told["examples"])) == (9, 3)
    assert (outcome.kept, (tmp_path / "out" / "conversations.jsonl").read_bytes()) == (0, b"")


def test_the_words_stay_without_redaction_and_merging(raw: Path, tmp_path: Path) -> None:
    rewrite(raw, tmp_path / "out", mode="annotate", redaction=None, merge=False, rules=None)
    chinese, english, third = csc.read(tmp_path / "out" / "conversations.jsonl")
    assert said(chinese)[1:3] == [("c", "你好，我的卡被吞了。"), ("c", "手机号13800138000")]
    assert [text for _, text in said(english)][1] == "My card was swallowed, my number is 415-555-2671"
    assert len(third.dialogue) == 2
    assert "not replaced" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_the_map_brings_everything_back_and_is_nobody_elses(raw: Path, tmp_path: Path) -> None:
    kept = tmp_path / "private" / "map.json"
    rewrite(raw, tmp_path / "out", mode="rules", keep_map=kept)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    mapped = read_map(kept)
    conversations = {each.id: each for each in csc.read(tmp_path / "out" / "conversations.jsonl")}
    back = {
        id_: restore(
            conversations[id_],
            (
                Replaced(each["turn"], each["start"], each["placeholder"], "phone", each["text"])
                for each in mapped[id_]
            ),
        )
        for id_ in ("1", "2")
    }
    assert said(back["1"])[3] == ("c", "我叫王小明，住北京市朝阳区建国路88号")
    assert said(back["2"])[3] == ("c", "My name is Jasper Quill, mail a.b@example.com")
    assert "never publish" in json.loads(kept.read_text(encoding="utf-8"))["about"]
    with pytest.raises(OutputError, match="lies in the folder of the result"):
        rewrite(raw, tmp_path / "out", mode="rules", keep_map=tmp_path / "out" / "map.json")


def test_an_id_that_is_personal_is_not_kept(tmp_path: Path) -> None:
    raw = written(tmp_path, "Agent: Hi\nCustomer: I need a new card\n", "13800138000.txt")
    rewrite(
        raw, tmp_path / "out", mode="rules", rules=Rules(fewest_exchanges=1), keep_map=tmp_path / "map.json"
    )
    (row,) = lines(tmp_path / "out" / "conversations.jsonl")
    assert (row["id"], row["origin"]) == ("transcript-1", "▇▇▇▇▇▇▇▇▇▇▇.txt:1")
    entry = json.loads((tmp_path / "map.json").read_text())["dialogues"]["transcript-1"]
    assert entry["id"] == "13800138000-1"


def test_a_folder_of_something_else_is_not_replaced(raw: Path, tmp_path: Path) -> None:
    other = written(tmp_path, "mine", "other/notes.txt").parent
    with pytest.raises(OutputError, match="holds something else"):
        rewrite(raw, other, mode="rules")
    with pytest.raises(OutputError, match="lies in the folder that is read"):
        rewrite(raw.parent, raw.parent / "out", mode="rules")
    assert (other / "notes.txt").read_text() == "mine"
    rewrite(raw, tmp_path / "out", mode="rules")
    rewrite(raw, tmp_path / "out", mode="annotate")
    assert "annotated" in (tmp_path / "out" / "conversations.jsonl").read_text(encoding="utf-8")


def test_the_same_input_gives_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        rewrite(raw, tmp_path / name, mode="annotate", concurrency=1 if name == "one" else 8)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_broken_source_leaves_no_folder(tmp_path: Path) -> None:
    raw = written(tmp_path, "id,role,text\n1,agent,a\n2,agent,b\n1,customer,c\n", "calls.csv")
    with pytest.raises(DataError, match="do not stand together"):
        rewrite(raw, tmp_path / "out", mode="rules", keep_map=tmp_path / "map.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls.csv"]


def test_the_report_shows_the_funnel_and_both_sides(raw: Path, tmp_path: Path, browser: Page) -> None:
    rewrite(raw, tmp_path / "out", mode="annotate")
    browser.open(tmp_path / "out" / "report.html")
    assert browser.errors == []
    assert len(browser.requests) == 1
    assert browser.evaluate("document.querySelectorAll('.pair').length") == 2
    browser.click(".pair summary")
    before, after = browser.evaluate(
        "[...document.querySelectorAll('.pair[open] .sides > div')].map(e => e.innerText)"
    )
    assert "手机号▇▇▇▇▇▇▇▇▇▇▇" in before
    assert "手机号[电话1]" in after
    assert "礼貌问候" in after
    for width in (1200, 400):
        browser.look(width=width)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert "only one of the two speaks" in browser.evaluate("document.body.innerText")


def test_texts_cannot_break_the_page(tmp_path: Path, browser: Page) -> None:
    evil = "c: I said </p><script>window.evil = 1</script><img src=x onerror=alert(1)> &amp;"
    text = "\n".join(
        f"{'Agent' if turn.speaker == 'supporter' else 'Customer'}: {turn.text}"
        for turn in spoken(*["s: What <b>is</b> it?", evil.replace("<", "&lt;")] * 3).dialogue
    )
    rewrite(written(tmp_path, text), tmp_path / "out", mode="rules")
    browser.open(tmp_path / "out" / "report.html")
    assert browser.errors == []
    assert browser.evaluate("window.evil") is None
    assert "<script>window.evil" in browser.evaluate("document.querySelector('.pair').textContent")
