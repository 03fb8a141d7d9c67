"""Whatever ends a rewriting early, or gets in its way: the result is the same, and nothing is asked twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rewriting.rewriting_pupil import RewritingPupil, calls
from tests.support.behaviours import breaks_off, fails, says, throttles
from tests.support.openai_server import LLMServer, running

MATTERS = [
    "fine",
    "mend-form",
    "abuse",
    "mend-outcome",
    "changed",
    "fine",
    "noise",
    "mend-meaning",
    "garbled",
]
Start = Callable[..., "subprocess.Popen[str]"]
FILES = ("conversations.jsonl", "dropped.jsonl", "funnel.json", "README.md", "report.html", "statistics.json")


@pytest.fixture
def pupil() -> RewritingPupil:
    return RewritingPupil()


@pytest.fixture
def server(pupil: RewritingPupil) -> Iterator[LLMServer]:
    with running(LLMServer()) as server:
        server.usually(pupil.behaviour())
        yield server


@pytest.fixture
def start(server: LLMServer, tmp_path: Path) -> Iterator[Start]:
    """Starts the command; what is still running in the end is killed."""
    (tmp_path / "raw.txt").write_text(calls(MATTERS), encoding="utf-8")
    started: list[subprocess.Popen[str]] = []

    def run(*args: str, out: str = "out") -> subprocess.Popen[str]:
        command = ["rewrite", "raw.txt", "--out", out, "--lm", "openai/test", "--api-base", server.url]
        process = subprocess.Popen(
            [sys.executable, "-m", "csc_dspy", *command, "--json", "--no-cache", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said."""
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def result(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def undisturbed(
    start: Start, server: LLMServer, pupil: RewritingPupil, tmp_path: Path
) -> tuple[dict[str, bytes], int]:
    """What a run writes that nothing happens to, and how much it asks."""
    assert finished(start(out="undisturbed")) == (0, "")
    count = len(server.requests)
    assert set(pupil.seen.values()) == {1}
    server.requests.clear()
    pupil.seen.clear()
    return result(tmp_path / "undisturbed"), count


def kept(tmp_path: Path) -> int:
    """How many answers the journal holds."""
    return (tmp_path / ".out.journal").read_bytes().count(b"\n") - 1


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(
    server: LLMServer, pupil: RewritingPupil, start: Start, tmp_path: Path, seed: int
) -> None:
    expected, count = undisturbed(start, server, pupil, tmp_path)
    rng = random.Random(seed)
    server.usually(lambda: replace(pupil.behaviour(), latency=rng.uniform(0, 0.03)))
    done = 0
    for _ in range(3):
        server.requests.clear()
        process = start("--resume", "--concurrency", "4")
        wanted = rng.randint(1, max(1, (count - done) // 3))
        while len(server.requests) < wanted and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        assert kept(tmp_path) >= done
        done = kept(tmp_path)
        assert not (tmp_path / "out").exists()
    server.requests.clear()
    server.usually(pupil.behaviour())
    assert finished(start("--resume")) == (0, "")
    assert len(server.requests) == count - done
    assert result(tmp_path / "out") == expected
    assert not (tmp_path / ".out.journal").exists()


def test_faults_of_the_server_change_nothing(
    server: LLMServer, pupil: RewritingPupil, start: Start, tmp_path: Path
) -> None:
    expected, count = undisturbed(start, server, pupil, tmp_path)
    healthy = pupil.behaviour()
    cut_off = pupil.behaviour(edit=lambda text: text[:300], finish_reason="length")
    faults = (
        throttles("0"),
        fails(500),
        healthy,
        cut_off,
        healthy,
        says("I cannot tell."),
        healthy,
        breaks_off(),
        healthy,
        says(""),
    )
    server.script(*faults)
    assert finished(start("--concurrency", "1")) == (0, "")
    assert len(server.requests) == count + sum(each is not healthy for each in faults)
    assert result(tmp_path / "out") == expected


def test_failures_alone_are_asked_for_again(
    server: LLMServer, pupil: RewritingPupil, start: Start, tmp_path: Path
) -> None:
    expected, count = undisturbed(start, server, pupil, tmp_path)
    # The first is screened and not rewritten, the second not even screened.
    server.script(pupil.behaviour(), fails(400, "not now"), fails(400, "not now"))
    process = start("--concurrency", "1")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert said == "2 dialogues could not be rewritten and are dropped; --resume asks for them alone\n"
    assert json.loads(out)["dropped"]["failed"] == 2
    assert "not now" in (tmp_path / "out" / "dropped.jsonl").read_text(encoding="utf-8")
    answered = kept(tmp_path)
    server.requests.clear()
    assert finished(start("--resume")) == (0, "")
    assert len(server.requests) == count - answered
    assert result(tmp_path / "out") == expected


def test_the_budget_is_reached(
    server: LLMServer, pupil: RewritingPupil, start: Start, tmp_path: Path
) -> None:
    expected, count = undisturbed(start, server, pupil, tmp_path)
    code, said = finished(start("--max-calls", "7", "--concurrency", "4"))
    assert code == 2
    first, second = said.splitlines()
    assert first == "7 answers are kept, --resume goes on from there"
    assert second.startswith("error: the limit of 7 calls is reached")
    assert (len(server.requests), (tmp_path / "out").exists()) == (7, False)
    server.requests.clear()
    assert finished(start("--resume", "--max-calls", str(count - 7))) == (0, "")
    assert result(tmp_path / "out") == expected


def test_a_run_is_gone_on_with_only_as_it_was_begun(
    server: LLMServer, pupil: RewritingPupil, start: Start, tmp_path: Path
) -> None:
    assert finished(start("--max-calls", "3"))[0] == 2
    server.requests.clear()
    pupil.asked.clear()
    code, said = finished(start())
    assert (code, "was not finished, or had failures" in said) == (2, True)
    for args in (
        ("--language", "en"),
        ("--taxonomy", "esconv"),
        ("--annotate-only",),
        ("--most-utterances", "40"),
    ):
        code, said = finished(start("--resume", *args))
        assert (code, "belongs to a run with another" in said) == (2, True)
    assert (server.requests, kept(tmp_path)) == ([], 3)
