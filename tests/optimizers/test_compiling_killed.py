"""Whatever ends ``csc-dspy compile`` early: nothing is paid for twice, and the artifact is the same."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from csc_dspy import read
from csc_dspy.compiled import load
from tests.support.behaviours import Behaviour, slow
from tests.support.openai_server import LLMServer
from tests.support.processes import unmeasured

CONCURRENCY = 4
RUN = ".out.run"
SIZES = {
    "random-search": ("candidates=3", "labelled=3", "attempts=6"),
    "copro": ("breadth=2", "depth=2"),
    "gepa": ("rollouts=40", "pareto=6", "examples=12"),
    "auto": (),
}

Start = Callable[..., "subprocess.Popen[str]"]


def write_dialogues(path: Path, source: str, part: str | None, count: int, turns: int) -> Path:
    rows = [each.row() for each in read(source, part=part, language="en")][:count]
    for row in rows:
        row["dialogue"] = row["dialogue"][:turns]
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def start(llm_server: LLMServer, tmp_path: Path) -> Iterator[Start]:
    """Starts the command; what is still running in the end is killed."""
    train = write_dialogues(tmp_path / "learn.jsonl", "rolecs-sample", None, 4, 8)
    dev = write_dialogues(tmp_path / "judge.jsonl", "csconv-sample", "dev", 3, 8)
    started: list[subprocess.Popen[str]] = []

    def run(*args: str, out: str = "out", optimizer: str = "random-search") -> subprocess.Popen[str]:
        command = ["compile", "strategy-predictor", "--train", str(train), "--dev", str(dev), "--out", out]
        model = ["--lm", "openai/test", "--api-base", llm_server.url, "--no-cache", "-q"]
        search = ["--optimizer", optimizer, *(f"--parameter={each}" for each in SIZES[optimizer])]
        process = subprocess.Popen(
            [sys.executable, "-m", "csc_dspy", *command, *model, *search, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=tmp_path,
            env=unmeasured(),
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was said on stderr."""
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def contents(folder: Path) -> dict[str, Any]:
    """The bytes of all files, and the manifest without what two compilations may differ in."""
    files: dict[str, Any] = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    manifest = json.loads(files["manifest.json"])
    return {**files, "manifest.json": {**manifest, "run": {"calls": manifest["run"]["calls"]}}}


def wait_for_requests(server: LLMServer, count: int, process: subprocess.Popen[str]) -> None:
    while len(server.requests) < count and process.poll() is None:
        time.sleep(0.001)


@pytest.mark.parametrize(("optimizer", "seed"), list(zip(SIZES, (1, 2, 3, 4), strict=True)))
def test_killed_again_and_again(
    llm_server: LLMServer, start: Start, tmp_path: Path, optimizer: str, seed: int
) -> None:
    assert finished(start(out="undisturbed", optimizer=optimizer)) == (0, "")
    total = len(llm_server.requests)
    assert total > 20
    # Nothing is asked twice in one run either.
    assert len({each.body for each in llm_server.requests}) == total
    expected = contents(tmp_path / "undisturbed")
    assert not (tmp_path / ".undisturbed.run").exists()

    llm_server.requests.clear()
    rng = random.Random(seed)
    llm_server.usually(lambda: slow(rng.uniform(0.001, 0.02)))
    kills = 3
    for _ in range(kills):
        seen = len(llm_server.requests)
        process = start("--resume", "--concurrency", str(CONCURRENCY), optimizer=optimizer)
        wait_for_requests(llm_server, seen + rng.randint(1, total // kills), process)
        process.kill()
        process.wait()
        assert not (tmp_path / "out").exists()
    assert finished(start("--resume", optimizer=optimizer)) == (0, "")
    assert contents(tmp_path / "out") == expected
    assert len(llm_server.requests) <= total + kills * CONCURRENCY
    assert not (tmp_path / RUN).exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(llm_server: LLMServer, start: Start, tmp_path: Path, sent: signal.Signals) -> None:
    assert finished(start(out="undisturbed")) == (0, "")
    total = len(llm_server.requests)
    llm_server.requests.clear()
    # From there on no answer comes: in the middle of a trial, after others are done.
    answered = total - 10
    llm_server.script(*[Behaviour()] * answered)
    llm_server.usually(Behaviour(hang=True))
    process = start("--concurrency", str(CONCURRENCY))
    wait_for_requests(llm_server, answered + CONCURRENCY, process)
    process.send_signal(sent)
    code, said = finished(process)
    assert code == 130
    assert said.splitlines() == [
        "out has the best program so far, marked as partial; --resume goes on from there",
        "interrupted",
    ]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["partial"] is True
    assert load(tmp_path / "out").name == "strategy-predictor"

    llm_server.usually(Behaviour())
    assert finished(start("--resume")) == (0, "")
    assert len(llm_server.requests) <= total + CONCURRENCY
    assert contents(tmp_path / "out") == contents(tmp_path / "undisturbed")


def test_a_limit_is_reached(llm_server: LLMServer, start: Start, tmp_path: Path) -> None:
    assert finished(start(out="undisturbed")) == (0, "")
    total = len(llm_server.requests)
    llm_server.requests.clear()
    code, said = finished(start("--max-calls", str(total - 5), "--json"))
    assert code == 3
    assert said.startswith("a limit was reached: out has the best program so far, marked as partial")
    assert len(llm_server.requests) == total - 5
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["partial"] is True
    # The same limit counts what was paid before: there is nothing left to pay with.
    assert finished(start("--resume", "--max-calls", str(total - 5)))[0] == 3
    assert len(llm_server.requests) == total - 5
    assert finished(start("--resume", "--max-calls", str(total))) == (0, "")
    assert len(llm_server.requests) == total
    assert contents(tmp_path / "out") == contents(tmp_path / "undisturbed")


def test_nothing_to_save_yet(start: Start, tmp_path: Path) -> None:
    code, said = finished(start("--max-calls", "5"))
    assert code == 2
    kept, error = said.splitlines()
    assert kept == "what was done is kept, --resume goes on from there"
    assert error.startswith("error: the limit of 5 calls is reached")
    assert not (tmp_path / "out").exists()
    assert finished(start("--resume")) == (0, "")


def test_a_run_is_gone_on_with_only_as_it_was_begun(
    llm_server: LLMServer, start: Start, tmp_path: Path
) -> None:
    assert finished(start("--max-calls", "5"))[0] == 2
    llm_server.requests.clear()
    code, said = finished(start())
    assert code == 2
    assert "out: a compilation of this artifact was not finished (go on with --resume, or delete" in said
    for args, changed in {
        ("--seed", "5"): "another seed",
        ("--metric", "macro-f1"): "another metric",
        ("--temperature", "1"): "another temperature",
        ("--hide", "distinctions"): "another start",
        ("--parameter", "candidates=4"): "another parameters",
    }.items():
        code, said = finished(start("--resume", *args))
        assert (code, changed in said) == (2, True), said
    assert llm_server.requests == []
    assert (tmp_path / RUN).is_dir()
    # What customers say is in there.
    assert (tmp_path / RUN).stat().st_mode & 0o077 == 0
