"""Whatever ends ``csc-dspy sweep`` early, one of its workers or all of them: the study goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest

from csc_dspy import load, read
from csc_dspy.optimizers.sweep.storage import open_storage
from tests.support.behaviours import Behaviour, slow
from tests.support.openai_server import LLMServer

SWEEP = """
train = "learn.jsonl"
dev = "judge.jsonl"
trials = 5
keep = 1
pruning = 0

[space]
program = "strategy-predictor"
optimizer = { values = ["labeled"] }

[space.optimizers.labeled]
demonstrations = { low = 1, high = 20 }
"""
GOES_ON = "what was done is kept, the same command goes on from there"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(llm_server: LLMServer, tmp_path: Path) -> Iterator[Start]:
    """Starts the command; what is still running in the end is killed."""
    for name, source, count in (("learn", "rolecs-sample", 4), ("judge", "csconv-sample:dev", 2)):
        rows = [each.row() for each in read(source) if each.spoken_language == "en"][:count]
        for row in rows:
            row["dialogue"] = row["dialogue"][:12]
        lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "SWEEP.toml").write_text(SWEEP)
    started: list[subprocess.Popen[str]] = []

    def run(*args: str) -> subprocess.Popen[str]:
        model = ["--lm", "openai/test", "--api-base", llm_server.url, "--no-cache", "--concurrency", "2"]
        command = ["sweep", "SWEEP.toml", "--out", "out", "--dead-after", "2", *model, *args]
        process = subprocess.Popen(
            [sys.executable, "-m", "csc_dspy", *command],
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


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """The exit code, the answer, and what was said on stderr."""
    answer, said = process.communicate(timeout=120)
    return process.returncode, answer, said


def wait_for_requests(server: LLMServer, count: int, process: subprocess.Popen[str]) -> None:
    while len(server.requests) < count and process.poll() is None:
        time.sleep(0.005)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(each) for each in children.split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def states(out: Path) -> dict[str, int]:
    study = optuna.load_study(study_name="sweep", storage=open_storage(None, out))
    found: dict[str, int] = {}
    for trial in study.get_trials(deepcopy=False):
        found[trial.state.name] = found.get(trial.state.name, 0) + 1
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted(llm_server: LLMServer, start: Start, tmp_path: Path, workers: int) -> None:
    llm_server.script(*[Behaviour()] * 20)
    llm_server.usually(Behaviour(hang=True))
    process = start("--workers", str(workers))
    wait_for_requests(llm_server, 22, process)
    hired = workers_of(process) if workers > 1 else []
    assert len(hired) == workers * (workers > 1)
    process.send_signal(signal.SIGINT)
    code, answer, said = finished(process)
    assert (code, answer) == (130, "")
    assert said.splitlines() == [GOES_ON, "interrupted"]
    assert not any(map(alive, hired))
    assert not (tmp_path / "out" / "artifact").exists()
    asked = len(llm_server.requests)

    llm_server.usually(Behaviour())
    code, answer, said = finished(start("--json"))
    assert (code, said) == (0, "")
    assert json.loads(answer)["trials"] == 5
    # All that was answered before is remembered.
    bodies = [each.body for each in llm_server.requests]
    if workers == 1:
        assert len(bodies) - len(set(bodies)) <= asked - 20


def test_a_killed_worker_leaves_its_trial_to_the_others(
    llm_server: LLMServer, start: Start, tmp_path: Path
) -> None:
    llm_server.usually(lambda: slow(0.05))
    process = start("--workers", "2", "--trials", "8", "--json")
    wait_for_requests(llm_server, 12, process)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    code, answer, said = finished(process)
    assert code == 0, said
    assert said == "worker 0 was killed; its trial was left to the others\n"
    assert json.loads(answer)["trials"] == 8
    found = states(tmp_path / "out")
    found.pop("FAIL", None)
    assert found == {"COMPLETE": 8}


def test_all_are_killed(llm_server: LLMServer, start: Start, tmp_path: Path) -> None:
    process = start("--workers", "2")
    llm_server.usually(lambda: slow(0.02))
    wait_for_requests(llm_server, 15, process)
    hired = workers_of(process)
    for pid in (*hired, process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait()
    code, answer, said = finished(start("--json"))
    assert (code, said) == (0, "")
    assert json.loads(answer)["trials"] == 5
    assert load(tmp_path / "out" / "artifact").name == "strategy-predictor"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_limit_is_reached(llm_server: LLMServer, start: Start, workers: str) -> None:
    code, answer, said = finished(
        start("--max-calls", "24", "--trials", "14", "--workers", workers, "--json")
    )
    assert code == 3, said
    assert said == "a limit was reached: out has the best so far; the same command goes on from there\n"
    partial = json.loads(answer)
    assert partial["partial"] is True
    assert partial["artifact"] == "out/artifact"
    assert len(llm_server.requests) <= 24
    # The limit is for one run: another goes on where this one ended.
    goal = partial["trials"] + 1
    code, answer, said = finished(start("--trials", str(goal), "--workers", workers, "--json"))
    assert (code, said) == (0, "")
    assert (json.loads(answer)["partial"], json.loads(answer)["trials"]) == (False, goal)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_key_that_is_refused_ends_it_at_once(llm_server: LLMServer, start: Start, workers: str) -> None:
    llm_server.usually(Behaviour(status=401))
    code, answer, said = finished(start("--workers", workers))
    assert (code, answer) == (2, "")
    (line,) = said.splitlines()
    assert line.startswith("error: ")
    assert "key" in line
    assert len(llm_server.requests) <= 4
