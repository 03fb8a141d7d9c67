"""Whatever ends ``csc-dspy rewrite --annotate-only`` early: no label is lost, and none is asked for twice."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.behaviours import Behaviour, fails
from tests.support.openai_server import LLMServer, running

DIALOGUES, TURNS = 8, 4
COUNT = DIALOGUES * TURNS
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with running(LLMServer()) as server:
        yield server


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.txt"
    turns = "".join(f"客服：第{{n}}件事{n}怎么样？\n客户：第{{n}}件事{n}不行！\n" for n in range(TURNS))
    path.write_text("\n".join(turns.replace("{n}", str(n)) for n in range(DIALOGUES)), encoding="utf-8")
    return path


@pytest.fixture
def start(server: LLMServer, raw: Path, begin: Start) -> Start:
    """Starts the command; what is still running in the end is killed."""

    def run(*args: str, out: str = "out") -> subprocess.Popen[str]:
        command = ["rewrite", str(raw), "--annotate-only", "--out", out, "--lm", "openai/test", "--json"]
        return begin(*command, "--api-base", server.url, "--no-cache", *args)

    return run


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said."""
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def undisturbed(start: Start, server: LLMServer, tmp_path: Path) -> bytes:
    """The conversations as a run writes them that nothing happens to."""
    assert finished(start(out="undisturbed")) == (0, "")
    assert len(server.requests) == COUNT
    server.requests.clear()
    assert not (tmp_path / ".undisturbed.journal").exists()
    return conversations(tmp_path / "undisturbed")


def conversations(folder: Path) -> bytes:
    return (folder / "conversations.jsonl").read_bytes()


def kept(tmp_path: Path) -> int:
    """How many labels the journal holds."""
    return (tmp_path / ".out.journal").read_bytes().count(b"\n") - 1


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(server: LLMServer, start: Start, tmp_path: Path, seed: int) -> None:
    expected = undisturbed(start, server, tmp_path)
    rng = random.Random(seed)
    server.usually(lambda: Behaviour(latency=rng.uniform(0, 0.03)))
    done = 0
    for _ in range(3):
        server.requests.clear()
        process = start("--resume", "--concurrency", "4")
        wanted = rng.randint(1, max(1, COUNT - done - 8))
        while len(server.requests) < wanted and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        assert kept(tmp_path) >= done
        done = kept(tmp_path)
        assert not (tmp_path / "out").exists()
    server.requests.clear()
    server.usually(Behaviour())
    assert finished(start("--resume")) == (0, "")
    assert len(server.requests) == COUNT - done
    assert conversations(tmp_path / "out") == expected
    assert not (tmp_path / ".out.journal").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(server: LLMServer, start: Start, tmp_path: Path, sent: signal.Signals) -> None:
    expected = undisturbed(start, server, tmp_path)
    # The sixth answer and all after it never come.
    server.script(*[Behaviour()] * 5)
    server.usually(Behaviour(hang=True))
    process = start("--concurrency", "4")
    while len(server.requests) < 9 and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(sent)
    assert finished(process) == (130, "5 answers are kept, --resume goes on from there\ninterrupted\n")
    assert (kept(tmp_path), (tmp_path / "out").exists()) == (5, False)
    server.usually(Behaviour())
    server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(server.requests) == COUNT - 5
    assert conversations(tmp_path / "out") == expected


def test_the_budget_is_reached(server: LLMServer, start: Start, tmp_path: Path) -> None:
    expected = undisturbed(start, server, tmp_path)
    code, said = finished(start("--max-calls", "10", "--concurrency", "4"))
    assert code == 2
    first, second = said.splitlines()
    assert first == "10 answers are kept, --resume goes on from there"
    assert second.startswith("error: the limit of 10 calls is reached")
    server.requests.clear()
    assert finished(start("--resume", "--max-calls", str(COUNT - 10))) == (0, "")
    assert len(server.requests) == COUNT - 10
    assert conversations(tmp_path / "out") == expected


def test_failures_alone_are_asked_for_again(server: LLMServer, start: Start, tmp_path: Path) -> None:
    expected = undisturbed(start, server, tmp_path)
    server.script(*[fails(400, "not now")] * 3)
    process = start()
    out, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert said == "3 dialogues could not be labelled and are dropped; --resume asks for them alone\n"
    answer = json.loads(out)
    assert (answer["kept"], answer["dropped"]) == (DIALOGUES - 3, {"failed": 3})
    dropped = (tmp_path / "out" / "dropped.jsonl").read_text("utf-8")
    assert dropped.count("not now") == 3
    server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(server.requests) == 3 * TURNS
    assert conversations(tmp_path / "out") == expected


def test_a_run_is_gone_on_with_only_as_it_was_begun(server: LLMServer, start: Start, tmp_path: Path) -> None:
    assert finished(start("--max-calls", "3"))[0] == 2
    server.requests.clear()
    code, said = finished(start())
    assert (code, "was not finished, or had failures" in said) == (2, True)
    for args in (("--language", "en"), ("--taxonomy", "esconv"), ("--temperature", "1")):
        code, said = finished(start("--resume", *args))
        assert (code, "belongs to a run with another" in said) == (2, True)
    assert server.requests == []
    assert kept(tmp_path) == 3
