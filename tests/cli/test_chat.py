"""``csc-dspy chat``, as one types into it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer

CSC = Callable[..., "subprocess.CompletedProcess[str]"]


def typed(csc: CSC, *lines: str, args: tuple[str | Path, ...] = ()) -> str:
    done = csc("chat", *args, input="\n".join(lines) + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("language", "stage", "speaker"),
    [("en", "[Connecting]", "Supporter: "), ("zh", "[欢迎和建立联系]", "客服：")],
)
def test_an_answer_shows_stage_strategy_and_text(csc: CSC, language: str, stage: str, speaker: str) -> None:
    shown = typed(csc, "hello 您好", args=("--language", language)).splitlines()
    assert any("→" in line for line in shown)
    assert any(line.endswith("%") for line in shown)
    assert any(line.startswith(speaker) for line in shown)
    assert stage.strip("[]") in "\n".join(shown)


def test_a_strategy_can_be_forced_and_explained(csc: CSC) -> None:
    shown = typed(csc, "/strategy", "/strategy EM", "My parcel never came!", "/why")
    assert " 5  EM   Emotional Management" in shown
    assert "the next answer follows 5 Emotional Management" in shown
    assert "5 Emotional Management" in shown
    assert "Customer" not in shown.split("the next answer")[0]
    assert "calls" in shown


def test_what_is_typed_wrongly_is_said_and_the_chat_goes_on(csc: CSC) -> None:
    shown = typed(csc, "/nonsense", "/strategy poetry", "/why", "/save", "hello", "/quit", "never read")
    assert "no command is called /nonsense (/help lists them)" in shown
    assert "'poetry' names no strategy" in shown
    assert "there is no answer yet" in shown
    assert "/save needs a file name" in shown
    assert "Supporter: " in shown


def test_a_saved_talk_is_a_conversation_for_every_command(csc: CSC, tmp_path: Path) -> None:
    typed(csc, "hello", "where is it?", "/undo", "and now?", "/save talk.jsonl")
    talk = json.loads((tmp_path / "talk.jsonl").read_text(encoding="utf-8"))
    assert [turn["speaker"] for turn in talk["dialogue"]] == ["客户", "客服", "客户", "客服"]
    assert talk["dialogue"][2]["text"] == "and now?"
    assert csc("data", "check", "talk.jsonl").returncode == 0


def test_as_the_supporter_one_takes_or_replaces_suggestions(csc: CSC, tmp_path: Path) -> None:
    typed(csc, "hello", "", "where is it?", "I look it up.", "/save talk.jsonl", args=("--as", "supporter"))
    talk = json.loads((tmp_path / "talk.jsonl").read_text(encoding="utf-8"))
    assert talk["dialogue"][1]["strategy"]
    assert talk["dialogue"][3] == {"speaker": "客服", "strategy": "", "text": "I look it up."}


def test_a_failing_language_model_does_not_end_the_chat(
    csc: CSC, llm_server: LLMServer, tmp_path: Path
) -> None:
    llm_server.script(Behaviour(status=400, message="not today"))
    (tmp_path / "key").write_text("sk-x")
    hosted = ("--lm", "openai/m", "--api-base", llm_server.url, "--api-key-file", "key", "--no-cache")
    shown = typed(csc, "hello", "hello again", args=hosted)
    assert "not today" in shown
    assert "Supporter: " in shown


def test_another_standard(csc: CSC) -> None:
    assert "Exploration" in typed(csc, "I feel bad", args=("--taxonomy", "esconv"))
