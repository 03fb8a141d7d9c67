"""Whatever ends ``csc-dspy export`` early: answers are kept, ``--resume`` asks for the rest."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_export import write_dialogues
from tests.support.behaviours import Behaviour, fails, slow
from tests.support.openai_server import LLMServer

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(llm_server: LLMServer, tmp_path: Path, begin: Start) -> Start:
    """Starts the command; what is still running in the end is killed."""
    data = write_dialogues(tmp_path / "learn.jsonl", ["en"])

    def run(*args: str, out: str = "out") -> subprocess.Popen[str]:
        command = ["export", "response-writer", "--train", str(data), "--source", "traces", "--out", out]
        model = ["--lm", "openai/test", "--api-base", llm_server.url, "--no-cache", "-q", "--json"]
        return begin(*command, *model, *args)

    return run


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said."""
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def undisturbed(start: Start, server: LLMServer, tmp_path: Path) -> tuple[dict[str, bytes], int]:
    """What a run writes that nothing happens to, and how often it asks."""
    assert finished(start(out="undisturbed")) == (0, "")
    calls = len(server.requests)
    server.requests.clear()
    return content(tmp_path / "undisturbed"), calls


def wait_for_requests(server: LLMServer, count: int, process: subprocess.Popen[str]) -> None:
    while len(server.requests) < count and process.poll() is None:
        time.sleep(0.001)


def kept(tmp_path: Path) -> int:
    """How many answers the journal holds."""
    return (tmp_path / ".out.journal").read_bytes().count(b"\n") - 1


def test_killed_again_and_again(llm_server: LLMServer, start: Start, tmp_path: Path) -> None:
    expected, calls = undisturbed(start, llm_server, tmp_path)
    rng = random.Random(1)
    llm_server.usually(lambda: slow(rng.uniform(0.01, 0.05)))
    done = 0
    for _ in range(2):
        llm_server.requests.clear()
        process = start("--resume", "--concurrency", "2")
        wait_for_requests(llm_server, rng.randint(5, max(6, calls - done - 8)), process)
        process.kill()
        process.wait()
        assert kept(tmp_path) >= done
        done = kept(tmp_path)
        assert not (tmp_path / "out").exists()
    assert done > 0
    llm_server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(llm_server.requests) == calls - done
    assert content(tmp_path / "out") == expected
    assert not (tmp_path / ".out.journal").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(llm_server: LLMServer, start: Start, tmp_path: Path, sent: signal.Signals) -> None:
    expected, calls = undisturbed(start, llm_server, tmp_path)
    # The sixth answer and all after it never come.
    llm_server.script(*[Behaviour()] * 5)
    llm_server.usually(Behaviour(hang=True))
    process = start("--concurrency", "3")
    wait_for_requests(llm_server, 8, process)
    process.send_signal(sent)
    assert finished(process) == (130, "5 answers are kept, --resume goes on from there\ninterrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.journal", "learn.jsonl", "undisturbed"]
    code, said = finished(start())
    assert code == 2
    assert "go on with --resume, or delete" in said
    code, said = finished(start("--resume", "--temperature", "1"))
    assert (code, "belongs to a run with another temperature" in said) == (2, True)
    llm_server.usually(Behaviour())
    llm_server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(llm_server.requests) == calls - 5
    assert content(tmp_path / "out") == expected


def test_failures_are_recorded(llm_server: LLMServer, start: Start, tmp_path: Path) -> None:
    expected, _ = undisturbed(start, llm_server, tmp_path)
    llm_server.script(Behaviour(), fails(400, "not now"))
    code, said = finished(start("--concurrency", "1"))
    assert code == 3
    assert said == "turns that could not be asked about and are left out: 1; --resume asks for them\n"
    assert b"not answered" in (tmp_path / "out" / "left_out.jsonl").read_bytes()
    llm_server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(llm_server.requests) == 1
    assert content(tmp_path / "out") == expected
