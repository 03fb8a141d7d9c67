"""Whatever ends ``csc-dspy evaluate --out`` early: answers are kept, ``--resume`` asks for the rest."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.dialogues import TURNS, read_rows, rows, write_rows
from tests.support.behaviours import Behaviour, fails, slow
from tests.support.openai_server import LLMServer

COUNT = 6
CALLS = 2 * COUNT * TURNS
"""In both contexts, one for each turn."""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(llm_server: LLMServer, tmp_path: Path, begin: Start) -> Start:
    """Starts the command; what is still running in the end is killed."""
    data = write_rows(tmp_path / "data.jsonl", rows(COUNT))

    def run(*args: str, out: str = "out", program: str = "support-agent-joint") -> subprocess.Popen[str]:
        command = ["evaluate", program, "--data", str(data), "--out", out, "--lm", "openai/test", "-q"]
        return begin(*command, "--api-base", llm_server.url, "--no-cache", *args)

    return run


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said."""
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def predictions(folder: Path) -> list[dict[str, Any]]:
    """What was predicted, without the time it took."""
    lines = read_rows(folder / "predictions.jsonl")
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def undisturbed(start: Start, server: LLMServer, tmp_path: Path) -> list[dict[str, Any]]:
    """The predictions of a run that nothing happens to."""
    assert finished(start(out="undisturbed")) == (0, "")
    assert len(server.requests) == CALLS
    server.requests.clear()
    assert not (tmp_path / "undisturbed" / ".evaluation.journal").exists()
    return predictions(tmp_path / "undisturbed")


def kept(tmp_path: Path) -> int:
    """How many predictions the journal holds."""
    return (tmp_path / "out" / ".evaluation.journal").read_bytes().count(b"\n") - 1


def wait_for_requests(server: LLMServer, count: int, process: subprocess.Popen[str]) -> None:
    while len(server.requests) < count and process.poll() is None:
        time.sleep(0.001)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_again_and_again(llm_server: LLMServer, start: Start, tmp_path: Path, seed: int) -> None:
    expected = undisturbed(start, llm_server, tmp_path)
    rng = random.Random(seed)
    llm_server.usually(lambda: slow(rng.uniform(0.001, 0.03)))
    done = 0
    for _ in range(3):
        llm_server.requests.clear()
        process = start("--resume", "--concurrency", "4")
        wait_for_requests(llm_server, rng.randint(1, max(1, CALLS - done - 8)), process)
        process.kill()
        process.wait()
        assert kept(tmp_path) >= done
        done = kept(tmp_path)
        assert not (tmp_path / "out" / "scores.json").exists()
    llm_server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(llm_server.requests) == CALLS - done
    assert predictions(tmp_path / "out") == expected


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(llm_server: LLMServer, start: Start, tmp_path: Path, sent: signal.Signals) -> None:
    expected = undisturbed(start, llm_server, tmp_path)
    # The eighth answer and all after it never come.
    llm_server.script(*[Behaviour()] * 7)
    llm_server.usually(Behaviour(hang=True))
    process = start("--concurrency", "3")
    wait_for_requests(llm_server, 10, process)
    process.send_signal(sent)
    assert finished(process) == (130, "7 answers are kept, --resume goes on from there\ninterrupted\n")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".evaluation.journal"]
    llm_server.usually(Behaviour())
    llm_server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(llm_server.requests) == CALLS - 7
    assert predictions(tmp_path / "out") == expected


def test_a_dialogue_is_gone_on_with_in_the_middle(
    llm_server: LLMServer, start: Start, tmp_path: Path
) -> None:
    undisturbed(start, llm_server, tmp_path)
    alone = ("--contexts", "generated", "--limit", "1")
    code, said = finished(start(*alone, "--max-calls", "2"))
    assert code == 2
    first, second = said.splitlines()
    assert first == "2 answers are kept, --resume goes on from there"
    assert second.startswith("error: the limit of 2 calls is reached")
    llm_server.requests.clear()
    assert finished(start(*alone, "--resume")) == (0, "")
    assert len(llm_server.requests) == TURNS - 2
    found = predictions(tmp_path / "out")
    whole = [
        line
        for line in predictions(tmp_path / "undisturbed")
        if line["context"] == "generated" and line["dialogue"] == "d0"
    ]
    assert found == whole


def test_a_failed_turn_is_asked_again_with_what_followed_it(
    llm_server: LLMServer, start: Start, tmp_path: Path
) -> None:
    expected = undisturbed(start, llm_server, tmp_path)
    # One after the other: four turns of the first dialogue in the reference context, then the generated one.
    llm_server.script(*[Behaviour()] * 5, fails(400, "not now"))
    code, said = finished(start("--concurrency", "1"))
    assert code == 3
    assert said.startswith("1 could not be predicted and count as wrong; --resume asks again")
    llm_server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    # The two turns after it were predicted from a history that has another turn in it.
    assert len(llm_server.requests) == 3
    assert predictions(tmp_path / "out") == expected


def test_a_run_is_gone_on_with_only_as_it_was_begun(
    llm_server: LLMServer, start: Start, tmp_path: Path
) -> None:
    assert finished(start("--max-calls", "3", "--concurrency", "1"))[0] == 2
    llm_server.requests.clear()
    code, said = finished(start())
    assert code == 2
    assert "out: a run that wrote this folder was not finished, or had failures (go on with --resume" in said
    others = {
        ("--language", "zh"): "another language",
        ("--temperature", "1"): "another temperature",
        ("--compare", "stage-tracker"): "another compare",
    }
    for args, changed in others.items():
        code, said = finished(start("--resume", *args))
        assert (code, f"belongs to a run with {changed}" in said) == (2, True)
    assert finished(start("--resume", program="stage-tracker"))[0] == 2
    assert llm_server.requests == []
    assert kept(tmp_path) == 3
    # Where intervals come from, and on how much, may change.
    assert finished(start("--resume", "--seed", "5", "--limit", "1", "--contexts", "reference")) == (0, "")
    assert len(llm_server.requests) == 1


def test_a_changed_dialogue_is_asked_again(llm_server: LLMServer, start: Start, tmp_path: Path) -> None:
    assert finished(start("--max-calls", "8", "--concurrency", "1"))[0] == 2
    content = rows(COUNT)
    content[0]["dialogue"][1]["text"] = "Something else."
    write_rows(tmp_path / "data.jsonl", content)
    llm_server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    # Both first turns of that dialogue, before anything is said, stay as they are.
    assert len(llm_server.requests) == CALLS - 2
