"""Whatever ends ``csc-dspy reply --out`` early: what was finished is kept, ``--resume`` asks for the rest."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.behaviours import Behaviour, fails
from tests.support.openai_server import LLMServer, running

COUNT = 30


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with running(LLMServer()) as server:
        yield server


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "conversations.jsonl"
    rows = (
        {"id": f"c{number}", "dialogue": [{"speaker": "customer", "text": f"No {number}!"}]}
        for number in range(COUNT)
    )
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(server: LLMServer, source: Path, begin: Start) -> Start:
    """Starts the command; what is still running in the end is killed."""

    def run(*args: str, out: str = "replies.jsonl", lm: str = "openai/test") -> subprocess.Popen[str]:
        command = ["reply", str(source), "--program", "support-agent-joint", "--out", out, "--lm", lm]
        return begin(*command, "--api-base", server.url, "--no-cache", *args)

    return run


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said."""
    out, said = process.communicate(timeout=60)
    assert out == ""
    return process.returncode, said


def undisturbed(start: Start, server: LLMServer, tmp_path: Path) -> bytes:
    """The file as a run writes it that nothing happens to."""
    assert finished(start(out="undisturbed.jsonl")) == (0, "")
    assert len(server.requests) == COUNT
    server.requests.clear()
    assert not (tmp_path / ".undisturbed.jsonl.journal").exists()
    return (tmp_path / "undisturbed.jsonl").read_bytes()


def kept(tmp_path: Path) -> int:
    """How many answers the journal holds."""
    return (tmp_path / ".replies.jsonl.journal").read_bytes().count(b"\n") - 1


def wait_for_requests(server: LLMServer, count: int, process: subprocess.Popen[str]) -> None:
    while len(server.requests) < count and process.poll() is None:
        time.sleep(0.001)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(server: LLMServer, start: Start, tmp_path: Path, seed: int) -> None:
    expected = undisturbed(start, server, tmp_path)
    rng = random.Random(seed)
    server.usually(lambda: Behaviour(latency=rng.uniform(0, 0.03)))
    done = 0
    for _ in range(3):
        server.requests.clear()
        process = start("--resume", "--concurrency", "4")
        wait_for_requests(server, rng.randint(1, max(1, COUNT - done - 5)), process)
        process.kill()
        process.wait()
        assert kept(tmp_path) >= done
        done = kept(tmp_path)
        assert not (tmp_path / "replies.jsonl").exists()
    server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(server.requests) == COUNT - done
    assert (tmp_path / "replies.jsonl").read_bytes() == expected
    assert not (tmp_path / ".replies.jsonl.journal").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(server: LLMServer, start: Start, tmp_path: Path, sent: signal.Signals) -> None:
    expected = undisturbed(start, server, tmp_path)
    # The sixth answer and all after it never come.
    server.script(*[Behaviour()] * 5)
    server.usually(Behaviour(hang=True))
    process = start("--concurrency", "4")
    wait_for_requests(server, 9, process)
    process.send_signal(sent)
    code, said = finished(process)
    assert code == 130
    assert said == "5 answers are kept, --resume goes on from there\ninterrupted\n"
    assert sorted(path.name for path in tmp_path.glob(".*")) == [".replies.jsonl.journal"]
    assert kept(tmp_path) == 5
    server.usually(Behaviour())
    server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(server.requests) == COUNT - 5
    assert (tmp_path / "replies.jsonl").read_bytes() == expected


def test_interrupted_before_anything_is_done(server: LLMServer, start: Start, tmp_path: Path) -> None:
    server.usually(Behaviour(hang=True))
    process = start()
    wait_for_requests(server, 1, process)
    process.send_signal(signal.SIGINT)
    assert finished(process) == (130, "interrupted\n")
    assert list(tmp_path.glob(".*")) == []


def test_interrupted_while_nothing_comes_in(server: LLMServer, tmp_path: Path) -> None:
    command = ["reply", "--lm", "openai/test", "--api-base", server.url]
    process = subprocess.Popen(
        [sys.executable, "-m", "csc_dspy", *command],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "CSC_DSPY_HOME": str(tmp_path / "home")},
    )
    assert process.stdin is not None
    assert process.stderr is not None
    try:
        # Once the cache of answers is there, all that is left is to wait for the input.
        while not list(tmp_path.rglob("home/**/*")) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == b"interrupted\n"
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stderr.close()


def test_the_budget_is_reached(server: LLMServer, start: Start, tmp_path: Path) -> None:
    expected = undisturbed(start, server, tmp_path)
    code, said = finished(start("--max-calls", "7", "--concurrency", "4"))
    assert code == 2
    first, second = said.splitlines()
    assert first == "7 answers are kept, --resume goes on from there"
    assert second.startswith("error: the limit of 7 calls is reached: 7 calls, ")
    assert second.endswith("(raise --max-calls)")
    assert not (tmp_path / "replies.jsonl").exists()
    # A limit holds for one run.
    assert finished(start("--max-calls", "7", "--resume"))[0] == 2
    assert kept(tmp_path) == 14
    server.requests.clear()
    assert finished(start("--resume", "--max-calls", str(COUNT - 14))) == (0, "")
    assert len(server.requests) == COUNT - 14
    assert (tmp_path / "replies.jsonl").read_bytes() == expected


def test_failures_alone_are_asked_for_again(server: LLMServer, start: Start, tmp_path: Path) -> None:
    expected = undisturbed(start, server, tmp_path)
    server.script(*[fails(400, "not now")] * 4)
    code, said = finished(start())
    assert code == 3
    assert said == "4 could not be answered, their lines say why; --resume asks again for them alone\n"
    before = (tmp_path / "replies.jsonl").read_bytes()
    assert before.count(b"not now") == 4
    server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(server.requests) == 4
    assert (tmp_path / "replies.jsonl").read_bytes() == expected
    assert not (tmp_path / ".replies.jsonl.journal").exists()


def test_a_run_is_gone_on_with_only_as_it_was_begun(server: LLMServer, start: Start, tmp_path: Path) -> None:
    assert finished(start("--max-calls", "3"))[0] == 2
    server.requests.clear()
    code, said = finished(start())
    assert code == 2
    assert "replies.jsonl: a run that wrote this file was not finished, or had failures" in said
    assert "go on with --resume, or delete " in said
    others = {
        ("--program", "support-agent"): "another program",
        ("--language", "zh"): "another language",
        ("--taxonomy", "esconv"): "another taxonomy",
        ("--temperature", "1", "--answer-tokens", "9"): "another answer-tokens, temperature",
        ("--unlabelled", "unknown"): "another unlabelled",
    }
    for args, changed in others.items():
        code, said = finished(start("--resume", *args))
        assert code == 2
        assert f"belongs to a run with {changed} (resume with what it was begun with" in said
    code, said = finished(start("--resume", lm="openai/other"))
    assert (code, "belongs to a run with another lm" in said) == (2, True)
    assert server.requests == []
    assert kept(tmp_path) == 3


def peak_memory(source: Path, tmp_path: Path) -> int:
    """The most memory that a run over ``source`` takes, in MiB."""
    process = subprocess.Popen(
        [sys.executable, "-m", "csc_dspy", "reply", str(source), "--program", "stage-tracker"],
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss // (1024 if sys.platform != "darwin" else 1024**2)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    text = "My parcel never came, and nobody tells me where it is. " * 20
    peaks = []
    for count in (1000, 5000):
        path = tmp_path / f"{count}.jsonl"
        rows = (
            {"id": str(i), "dialogue": [{"speaker": "customer", "text": f"{i} {text}"}]} for i in range(count)
        )
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        peaks.append(peak_memory(path, tmp_path))
    # The additional rows alone have 4.7 MB of text, and many times that as conversations.
    assert peaks[1] - peaks[0] < 10
