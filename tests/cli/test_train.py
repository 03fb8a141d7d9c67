"""``csc-dspy train`` as people call it: results, plans, interruptions, and what is wrong with arguments."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CSC
from tests.finetuning.rows import write_rows
from tests.support.openai_server import LLMServer
from tests.support.processes import unmeasured

TALK = {"dialogue": [{"speaker": "customer", "text": "我的快递一直没到！"}]}


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", dialogues=2)


def test_the_model_string_is_what_other_commands_take(csc: CSC, data: Path, tmp_path: Path) -> None:
    process = csc("train", data, "--out", "out", "--json", "-q")
    assert (process.returncode, process.stderr) == (0, "")
    answer = json.loads(process.stdout)
    assert answer["model"].startswith("embedded/")
    assert answer["rows"] == len(data.read_bytes().splitlines())
    assert answer == {"out": "out", **json.loads((tmp_path / "out" / "training.json").read_bytes())}
    reply = csc(
        "reply", "--program", "strategy-predictor", "--lm", answer["model"], input=f"{json.dumps(TALK)}\n"
    )
    assert json.loads(reply.stdout)["strategy"]


def test_equal_rows_and_seeds_make_the_same_model(csc: CSC, data: Path) -> None:
    first, again, other = (
        json.loads(csc("train", data, "--out", out, "--seed", seed, "--json").stdout)
        for out, seed in (("a", "0"), ("b", "0"), ("c", "1"))
    )
    assert (first["model"], first["rows"]) == (again["model"], again["rows"])
    assert (other["seed"], first["data"]) == (1, other["data"])


def test_an_export_is_trained_on(csc: CSC, tmp_path: Path) -> None:
    assert csc("export", "stage-tracker", "--limit", "4", "--out", "export").returncode == 0
    process = csc("train", "export", "--out", "out")
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[0].startswith("embedded/")
    (tmp_path / "export" / "train.jsonl").write_text("{}\n", encoding="utf-8")
    damaged = csc("train", "export", "--out", "out")
    assert damaged.returncode == 2
    assert "export/train.jsonl: is not what was exported (export it again)" in damaged.stderr


def test_a_dry_run_does_nothing(csc: CSC, data: Path, llm_server: LLMServer, tmp_path: Path) -> None:
    args = ("--lm", "openai/small", "--api-base", llm_server.url, "--epochs", "2", "--training-price", "3")
    process = csc("train", data, *args, "--dry-run", "--json")
    assert (process.returncode, process.stderr) == (0, "")
    plan = json.loads(process.stdout)
    assert plan["trained_tokens"] == 2 * plan["tokens"]
    assert plan["usd"] == pytest.approx(plan["trained_tokens"] * 3 / 1e6)
    told = csc("train", data, "--dry-run").stdout
    assert told.startswith(f"{plan['rows']} rows with about")
    assert llm_server.fine_tuning.asked == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl"]


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("nowhere.jsonl",), "nowhere.jsonl: there is no such file or folder"),
        (("rows.jsonl", "--lm", "embeded"), "did you mean embedded"),
        (("rows.jsonl", "--lm", "embedded/feed"), "begun anew, not trained further (give --lm embedded)"),
        (("rows.jsonl", "--lm", "anthropic/claude"), "cannot be fine-tuned from here"),
        (("rows.jsonl", "--epochs", "3"), "training it has no option 'epochs' (leave it out)"),
        (("rows.jsonl", "--job", "ftjob-1"), "--job: only hosted models have jobs"),
        (("rows.jsonl", "--training", "rate"), "'rate' has no value (write NAME=VALUE)"),
        (("rows.jsonl", "--lm", "openai/small"), "needs an API key (set OPENAI_API_KEY"),
        (("empty.jsonl",), "empty.jsonl: holds no rows"),
        (("pairs.jsonl",), "pairs.jsonl: holds preference pairs"),
        (("essay.jsonl",), "is not a question in messages"),
    ],
)
def test_what_is_wrong_is_one_line(
    csc: CSC, data: Path, tmp_path: Path, args: tuple[str, ...], problem: str
) -> None:
    said = {"role": "assistant", "content": "…"}
    asked = {"role": "user", "content": "…"}
    pair = {
        "input": {"messages": [asked]},
        "preferred_output": [said],
        "non_preferred_output": [{**said, "content": "no"}],
    }
    contents = {"empty": "", "pairs": json.dumps(pair), "essay": json.dumps({"messages": [asked, said]})}
    for name, content in contents.items():
        (tmp_path / f"{name}.jsonl").write_text(content, encoding="utf-8")
    process = csc("train", *args, "--out", "out", "-q", env={"OPENAI_API_KEY": ""})
    assert process.returncode == 2
    (line,) = process.stderr.splitlines()
    assert line.startswith("error: ")
    assert problem in line
    assert process.stdout == ""
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / ".out.run").exists()
    assert data.exists()


def test_another_folder_is_left_alone(csc: CSC, data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    process = csc("train", data, "--out", "out")
    assert process.returncode == 2
    assert "out: holds something else than the result of a training" in process.stderr
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


@pytest.fixture
def waiting(llm_server: LLMServer) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that wait for a job which does not end."""
    llm_server.fine_tuning.stages = ("validating_files", "running")
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start(server: LLMServer, data: Path, folder: Path, *args: str) -> subprocess.Popen[str]:
    model = ["--lm", "openai/small", "--api-base", server.url, "--poll", "0.01", "--out", "out", "-q"]
    return subprocess.Popen(
        [sys.executable, "-m", "csc_dspy", "train", str(data), *model, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=folder,
        env=unmeasured(),
    )


def until_looked(server: LLMServer, times: int, process: subprocess.Popen[str]) -> None:
    """Until the job has been looked at so many times."""
    while process.poll() is None:
        if sum(path.endswith("/ftjob-1") for _, path in server.fine_tuning.asked) >= times:
            return
        time.sleep(0.002)


def test_killed_and_taken_up(
    llm_server: LLMServer, data: Path, tmp_path: Path, waiting: list[subprocess.Popen[str]]
) -> None:
    for times in (2, 8):
        waiting.append(start(llm_server, data, tmp_path, "--resume"))
        until_looked(llm_server, times, waiting[-1])
        waiting[-1].kill()
        waiting[-1].wait()
        assert not (tmp_path / "out").exists()
    llm_server.fine_tuning.stages = ("succeeded",)
    last = start(llm_server, data, tmp_path, "--resume", "--json")
    waiting.append(last)
    out, said = last.communicate(timeout=60)
    assert (last.returncode, said) == (0, "")
    assert json.loads(out)["model"] == "openai/ft:small:shop::1"
    assert (len(llm_server.fine_tuning.files), len(llm_server.fine_tuning.jobs)) == (1, 1)
    assert not (tmp_path / ".out.run").exists()


@pytest.mark.parametrize("cancel", [False, True])
def test_interrupted(
    llm_server: LLMServer,
    data: Path,
    tmp_path: Path,
    waiting: list[subprocess.Popen[str]],
    cancel: bool,
) -> None:
    process = start(llm_server, data, tmp_path, *(["--cancel"] if cancel else []))
    waiting.append(process)
    until_looked(llm_server, 2, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted"
    assert ("the job goes on at the server" in said) is not cancel
    status = llm_server.fine_tuning.jobs["ftjob-1"]["status"]
    assert (status == "cancelled") is cancel
