"""``csc-dspy reply``: one answer a conversation, in order, resumable."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.compiled import save
from csc_dspy.programs import create
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer

CSC = Callable[..., "subprocess.CompletedProcess[str]"]
PARCEL = '{"dialogue": [{"speaker": "customer", "text": "My parcel never came!"}]}'
TALK = (
    '{"id": "a", "dialogue": [{"speaker": "客服", "strategy": "GT", "text": "您好"}, '
    '{"speaker": "客户", "text": "我的卡被吞了"}, {"speaker": "客服", "text": "在哪台机器？"}]}'
)


def answers(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def conversations(path: Path, count: int) -> Path:
    rows = [
        {"id": str(n), "dialogue": [{"speaker": "customer", "text": f"parcel {n}"}]} for n in range(count)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def hosted(llm_server: LLMServer, tmp_path: Path) -> list[str]:
    llm_server.key = "sk-right-key"
    (tmp_path / "key").write_text("sk-right-key")
    return [
        "--lm",
        "openai/m",
        "--api-base",
        llm_server.url,
        "--api-key-file",
        str(tmp_path / "key"),
        "--no-cache",
    ]


def test_a_conversation_on_standard_input(csc: CSC) -> None:
    done = csc("reply", "--program", "support-agent", "--json", input=PARCEL)
    assert (done.returncode, done.stderr) == (0, "")
    [answer] = answers(done)
    assert list(answer) == [
        "id",
        "stage",
        "strategy",
        "strategy_number",
        "response",
        "strategy_probabilities",
        "error",
    ]
    assert answer["id"] is answer["error"] is None
    assert answer["response"]
    assert sum(answer["strategy_probabilities"].values()) == pytest.approx(1)


def test_what_a_program_does_not_decide_is_left_out(csc: CSC) -> None:
    [answer] = answers(csc("reply", "--program", "strategy-predictor", input=TALK))
    assert "response" not in answer
    [answer] = answers(csc("reply", "--program", "stage-tracker", input=TALK))
    assert "strategy" not in answer


def test_the_classifier_labels_the_last_supporter_turn(csc: CSC) -> None:
    [answer] = answers(csc("reply", "--program", "strategy-classifier", input=TALK))
    assert answer["id"] == "a"
    assert answer["strategy"]
    done = csc("reply", "--program", "strategy-classifier", input=PARCEL)
    assert done.returncode == 3
    assert "no turn is the supporter's" in answers(done)[0]["error"]


def test_bad_rows_have_their_line_and_the_rest_goes_on(csc: CSC) -> None:
    rows = [PARCEL, '{"id": 7, "dialogue": [{"speaker": "robot", "text": "x"}]}', '{"dialogue": [', TALK]
    done = csc("reply", input="\n".join(rows))
    assert done.returncode == 3
    found = answers(done)
    assert [answer["error"] is None for answer in found] == [True, False, False, True]
    assert found[1]["id"] == "7"
    assert "standard input:2: turn 1: unknown speaker 'robot'" in found[1]["error"]
    assert "2 could not be answered, their lines say why" in done.stderr


def test_every_conversation_gets_its_language(csc: CSC, llm_server: LLMServer, hosted: list[str]) -> None:
    done = csc(
        "reply", "--program", "strategy-predictor", *hosted, input=f"{PARCEL}\n{TALK}", env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr
    prompts = [json.loads(request.body)["messages"][0]["content"] for request in llm_server.requests]
    assert sum("你是客服督导" in prompt for prompt in prompts) == 1
    assert sum("You coach a customer support agent" in prompt for prompt in prompts) == 1


ENVIRONMENT = {"CSC_DSPY_UNLABELLED": "unknown"}


def test_answers_come_in_the_order_of_the_input(
    csc: CSC, llm_server: LLMServer, hosted: list[str], tmp_path: Path
) -> None:
    chance = random.Random(3)
    llm_server.usually(lambda: Behaviour(latency=chance.random() / 20))
    source = conversations(tmp_path / "in.jsonl", 60)
    found = answers(csc("reply", source, "--program", "strategy-predictor", *hosted))
    assert [answer["id"] for answer in found] == [str(number) for number in range(60)]


def test_a_failure_is_one_line_and_the_rest_goes_on(
    csc: CSC, llm_server: LLMServer, hosted: list[str], tmp_path: Path
) -> None:
    llm_server.script(Behaviour(status=400, message="no"))
    source = conversations(tmp_path / "in.jsonl", 5)
    done = csc("reply", source, "--program", "strategy-predictor", "--concurrency", "1", *hosted)
    assert done.returncode == 3
    assert [answer["error"] is None for answer in answers(done)] == [False, True, True, True, True]


def test_a_wrong_key_ends_it_at_once(
    csc: CSC, llm_server: LLMServer, hosted: list[str], tmp_path: Path
) -> None:
    llm_server.key = "another"
    source = conversations(tmp_path / "in.jsonl", 300)
    done = csc("reply", source, *hosted, "--log-file", tmp_path / "log")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --lm openai/m: ")
    assert done.stderr.count("\n") == 1
    assert len(llm_server.requests) < 100
    assert "sk-right-key" not in done.stderr + (tmp_path / "log").read_text()


def test_the_budget_ends_it_and_what_was_done_is_kept(
    csc: CSC, llm_server: LLMServer, hosted: list[str], tmp_path: Path
) -> None:
    source, out = conversations(tmp_path / "in.jsonl", 20), tmp_path / "out.jsonl"
    command = (
        "reply",
        source,
        "--program",
        "strategy-predictor",
        "--out",
        out,
        "--concurrency",
        "2",
        *hosted,
    )
    done = csc(*command, "--max-calls", "7")
    assert done.returncode != 0
    assert "--max-calls" in done.stderr
    assert not out.exists()
    assert csc(*command).stderr.startswith(f"error: {out}: a run that wrote this file was not finished")
    assert csc(*command, "--resume").returncode == 0
    assert len(llm_server.requests) == 20
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [str(n) for n in range(20)]
    assert [
        path.name for path in tmp_path.iterdir() if "journal" in path.name or "partial" in path.name
    ] == []


def test_kills_and_resumes_give_the_undisturbed_file(
    csc: CSC, llm_server: LLMServer, hosted: list[str], tmp_path: Path
) -> None:
    source = conversations(tmp_path / "in.jsonl", 120)
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    options = ["--program", "strategy-predictor", "--concurrency", "4", *hosted]
    assert csc("reply", source, "--out", whole, *options).returncode == 0
    llm_server.usually(Behaviour(latency=0.02))
    chance = random.Random(5)
    command = [
        sys.executable,
        "-m",
        "csc_dspy",
        "reply",
        str(source),
        "--out",
        str(out),
        "--resume",
        *options,
    ]
    asked = len(llm_server.requests)
    for _ in range(4):
        with subprocess.Popen(command, cwd=tmp_path, env={**os.environ}) as running:
            while len(llm_server.requests) == asked and running.poll() is None:
                time.sleep(0.02)
            time.sleep(chance.random() / 5)
            running.send_signal(signal.SIGKILL)
        asked = len(llm_server.requests)
        assert not out.exists()
    assert csc(*command[3:]).returncode == 0
    assert out.read_bytes() == whole.read_bytes()
    # What was in flight when a process died is asked again, and nothing else.
    assert len(llm_server.requests) <= 120 + 120 + 4 * 4


def test_another_run_is_not_taken_up(csc: CSC, hosted: list[str], tmp_path: Path) -> None:
    source, out = conversations(tmp_path / "in.jsonl", 4), tmp_path / "out.jsonl"
    csc("reply", source, "--program", "strategy-predictor", "--out", out, "--max-calls", "1", *hosted)
    done = csc("reply", source, "--program", "support-agent", "--out", out, "--resume", *hosted)
    assert done.returncode == 2
    assert "a run with another program" in done.stderr


def test_a_compiled_program_is_named_by_its_folder(csc: CSC, tmp_path: Path) -> None:
    program = create("strategy-predictor")
    program.predict.demos = [{"conversation": "Customer: parcel", "strategy": "Others"}]
    folder = save(program, tmp_path / "compiled")
    [answer] = answers(csc("reply", "--program", folder, input=PARCEL))
    assert answer["strategy"] == "others"


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (
            ("--program", "suport-agent"),
            "no program is called 'suport-agent' (did you mean 'support-agent'?)",
        ),
        (("--resume",), "--resume needs --out"),
        (("nowhere.jsonl",), "no file, folder or packaged sample is called 'nowhere.jsonl'"),
        (("--lm", "openai/m"), "OPENAI_API_KEY"),
    ],
)
def test_wrong_use_is_one_line(csc: CSC, args: tuple[str, ...], problem: str) -> None:
    done = csc("reply", *args, input=PARCEL, env={"OPENAI_API_KEY": ""})
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
