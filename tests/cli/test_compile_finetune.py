"""``csc-dspy compile --target finetune``: one command, and the same result whatever ends it early."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from csc_dspy import read
from csc_dspy.taxonomy import LANGUAGES
from tests.conftest import CSC
from tests.support.openai_server import LLMServer


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, ...]:
    found = []
    for option, source in (("--train", "rolecs-sample"), ("--dev", "csconv-sample:dev")):
        path = tmp_path / f"{option[2:]}.jsonl"
        rows = [each.row() for language in LANGUAGES for each in list(read(source, language=language))[:2]]
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
        found += [option, str(path)]
    return tuple(found)


def test_the_answer_has_the_model(csc: CSC, data: tuple[str, ...], tmp_path: Path) -> None:
    process = csc(
        *("compile", "support-agent", *data, "--language", "zh", "--target", "finetune"),
        "--out",
        "out",
        "--json",
    )
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout)
    assert {"artifact", "dev_before", "dev_after", "statement", "calls", "seconds", "model"} <= answer.keys()
    assert answer["model"] == json.loads((tmp_path / "out" / "manifest.json").read_bytes())["lm"]
    (plan,) = process.stderr.splitlines()
    assert "by fused for accuracy on embedded, fine-tuned before: 2 dialogues" in plan
    talk = {"dialogue": [{"speaker": "customer", "text": "我的快递一直没到！"}]}
    reply = csc("reply", "--program", "out", "--lm", answer["model"], input=f"{json.dumps(talk)}\n")
    assert json.loads(reply.stdout)["response"]
    told = csc(
        *(
            "compile",
            "stage-tracker",
            *data,
            "--language",
            "en",
            "--target",
            "finetune",
            "--out",
            "tracker",
            "-q",
        )
    ).stdout.splitlines()
    assert told[1].startswith("fine-tuned: --lm embedded/")


def test_a_dry_run_trains_nothing(csc: CSC, data: tuple[str, ...], tmp_path: Path) -> None:
    process = csc(
        *("compile", "strategy-predictor", *data, "--language", "en", "--target", "finetune"),
        "--dry-run",
        "--json",
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert json.loads(process.stdout)["target"] == "finetune"
    assert not (tmp_path / "home").exists()


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """What is still running in the end is killed."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def contents(folder: Path) -> dict[str, Any]:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    manifest = json.loads(files.pop("manifest.json"))
    return {**files, "manifest": {name: manifest[name] for name in manifest if name != "run"}}


def test_killed_at_every_stage(
    llm_server: LLMServer, data: tuple[str, ...], tmp_path: Path, processes: list[subprocess.Popen[str]]
) -> None:
    def start(out: str) -> subprocess.Popen[str]:
        task = ["compile", "strategy-predictor", *data, "--language", "en", "--target", "finetune"]
        model = ["--lm", "openai/small", "--api-base", llm_server.url, "--no-cache"]
        more = ["--training", "poll=0.01", "--concurrency", "2", "--out", out, "--resume", "-q"]
        process = subprocess.Popen(
            [sys.executable, "-m", "csc_dspy", *task, *model, *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=tmp_path,
        )
        processes.append(process)
        return process

    def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
        said = process.communicate(timeout=120)[1]
        return process.returncode, said

    account = llm_server.fine_tuning
    assert finished(start("undisturbed")) == (0, "")
    total, made = len(llm_server.requests), (len(account.files), len(account.jobs))
    # While the program is asked as it is, while the job is waited for, and while the new model is asked.
    account.stages = ("running",)
    stages: tuple[Callable[[], bool], ...] = (
        lambda: len(llm_server.requests) >= total + 3,
        lambda: sum(path.endswith("/ftjob-2") for _, path in account.asked) >= 3,
        lambda: len(llm_server.requests) >= total + total // 2 + 3,
    )
    for enough in stages:
        process = start("out")
        while not enough() and process.poll() is None:
            time.sleep(0.002)
        process.kill()
        process.wait()
        assert not (tmp_path / "out").exists()
        if account.jobs.keys() >= {"ftjob-2"}:
            account.stages = ("succeeded",)
    assert finished(start("out")) == (0, "")
    assert (len(account.files), len(account.jobs)) == (2 * made[0], 2 * made[1])
    assert contents(tmp_path / "out") == contents(tmp_path / "undisturbed")
    assert len(llm_server.requests) <= 2 * total + 3 * 2
    assert not (tmp_path / ".out.run").exists()
