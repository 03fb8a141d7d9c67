"""``csc-dspy rewrite``: what it answers, and what it refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import csc_dspy as csc_dspy_face
from tests.conftest import CSC
from tests.support.openai_server import LLMServer

DIALOGUE = """\
客服：您好，这里是客服热线。
客户：你好，我的卡丢了，手机号13800138000。
客服：请问您怎么称呼？
客户：我叫王小明，麻烦快一点。
客服：已经为您挂失了。
客户：好的，谢谢你的帮助。
"""
ENGLISH = """\
Agent: Good morning, how can I help?
Customer: I lost my card, call 415-555-2671.
Agent: May I have your name?
Customer: My name is Jasper Quill.
Agent: It is blocked now.
Customer: Thank you very much.
"""
SHORT = "Agent: Hello\nCustomer: Hi there\n"
ALONE = "客服：喂？\n客服：有人吗？\n"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.txt"
    path.write_text(f"{DIALOGUE}\n{ENGLISH}\n{SHORT}\n{ALONE}", encoding="utf-8")
    return path


def test_annotating_answers_in_json(csc: CSC, raw: Path, tmp_path: Path) -> None:
    done = csc("rewrite", raw, "--annotate-only", "--lm", "embedded", "--out", "out", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer.pop("seconds") >= 0
    assert answer == {
        "in": 4,
        "dropped": {"few_exchanges": 1, "one_speaker": 1},
        "kept": 2,
        "lines": {"read": 16, "set_aside": 0},
        "redacted": {"phone": 2, "name": 2},
        "out": "out",
    }
    kept = csc_dspy_face.read(tmp_path / "out" / "conversations.jsonl", require_labels=True)
    assert [each.language for each in kept] == ["zh", "en"]


def test_the_rules_alone_need_no_language_model(csc: CSC, raw: Path, tmp_path: Path) -> None:
    done = csc("rewrite", raw, "--rules-only", "--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "out: 2 of 4 transcripts are kept" in done.stdout
    assert "rules: too few exchanges" in done.stdout
    (chinese, _) = csc_dspy_face.read(tmp_path / "out" / "conversations.jsonl")
    assert chinese.dialogue[0].strategy is None
    assert chinese.dialogue[1].text == "你好，我的卡丢了，手机号[电话1]。"


def test_thresholds_and_switches(csc: CSC, raw: Path) -> None:
    def kept(*args: str) -> int:
        done = csc("rewrite", raw, "--rules-only", "--out", "out", "--json", *args)
        assert done.returncode == 0, done.stderr
        return int(json.loads(done.stdout)["kept"])

    assert kept("--fewest-exchanges", "1") == 3
    assert kept("--longest-utterance", "25") == 1
    assert kept("--no-rules") == 3
    assert kept("--limit", "1") == 1
    assert kept("--separator", "file", "--most-exchanges", "6") == 0
    assert kept("--separator", "file") == 1


def test_standard_input_and_tables(csc: CSC, tmp_path: Path) -> None:
    done = csc("rewrite", "-", "--rules-only", "--no-rules", "--out", "out", "--json", input=DIALOGUE)
    assert json.loads(done.stdout)["kept"] == 1
    table = tmp_path / "calls.csv"
    table.write_text("k,who,what\n1,A,Hello\n1,B,Hi there\n", encoding="utf-8")
    args = ("--columns", "dialogue=k,speaker=who,text=what", "--supporter", "A", "--customer", "B")
    done = csc("rewrite", table, "--rules-only", "--no-rules", *args, "--out", "out", "--json")
    assert (done.returncode, json.loads(done.stdout)["kept"]) == (0, 1)


def test_lines_of_strangers_are_told(csc: CSC, raw: Path, tmp_path: Path) -> None:
    raw.write_text(f"{DIALOGUE}经理：打13800138000\n" * 2, encoding="utf-8")
    done = csc("rewrite", raw, "--rules-only", "--unread-share", "0.2", "--out", "out", "--json")
    assert json.loads(done.stdout)["lines"] == {"read": 12, "set_aside": 2}
    places = [
        json.loads(line) for line in (tmp_path / "out" / "quarantine.jsonl").read_text("utf-8").splitlines()
    ]
    assert [(each["file"], each["line"], each["raw"]) for each in places] == [
        ("raw.txt", 7, "经理：打▇▇▇▇▇▇▇▇▇▇▇"),
        ("raw.txt", 14, "经理：打▇▇▇▇▇▇▇▇▇▇▇"),
    ]
    done = csc("rewrite", raw, "--rules-only", "--unread-share", "0.2", "--out", "out")
    assert done.stderr == "lines without a known speaker: 2; quarantine.jsonl has them\n"


def test_nothing_personal_is_sent(csc: CSC, raw: Path, llm_server: LLMServer) -> None:
    done = csc(
        "rewrite", raw, "--annotate-only", "--lm", "openai/test", "--api-base", llm_server.url, "--out", "out"
    )
    assert done.returncode == 0, done.stderr
    sent = b"".join(request.body for request in llm_server.requests).decode()
    assert len(llm_server.requests) == 6
    assert "[PHONE_1]" in sent
    for secret in ("13800138000", "415-555-2671", "Jasper", "王小明", "\\u738b\\u5c0f\\u660e"):
        assert secret not in sent


WRONG = [
    ((), "--lm embedded: rewriting needs a real language model"),
    (("--lm", "embedded/mine"), "--lm embedded/mine: rewriting needs a real language model"),
    (("--annotate-only", "--rules-only"), "exclude each other"),
    (("--rules-only", "--resume"), "there is nothing to resume"),
    (("--rules-only", "--columns", "text"), "--columns: 'text' names no column"),
    (("--rules-only", "--keep-map", "out/map.json"), "lies in the folder of the result"),
    (("--rules-only", "--keep-map", "raw.txt"), "is the input itself"),
    (("--annotate-only", "--program", "stage-tracker"), "does not label turns that are there"),
    (("--rules-only", "--supporter", "A", "--customer", "a"), "both supporter and customer"),
]


@pytest.mark.parametrize(("args", "problem"), WRONG, ids=[" ".join(args) or "nothing" for args, _ in WRONG])
def test_wrong_usage_is_one_line(
    csc: CSC, raw: Path, tmp_path: Path, args: tuple[str, ...], problem: str
) -> None:
    done: subprocess.CompletedProcess[str] = csc("rewrite", "raw.txt", *args, "--out", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [raw.name]


def test_a_source_that_is_not_there(csc: CSC) -> None:
    done = csc("rewrite", "nowhere.txt", "--rules-only", "--out", "out")
    assert (done.returncode, done.stderr) == (2, "error: nowhere.txt: there is no such file or folder\n")
