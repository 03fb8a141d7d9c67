"""``csc-dspy evaluate``: a table, a folder of results, and one line for whatever is wrong."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.compiled import save
from csc_dspy.programs import Options, StrategyPredictor
from tests.conftest import CSC
from tests.evaluation.dialogues import TURNS, read_rows, rows, write_rows
from tests.support.behaviours import fails, hangs, says, throttles
from tests.support.openai_server import LLMServer

COUNT = 3
KEY = "sk-this-must-not-be-seen-4711"
SECRET = "my PIN is 0815"
RESULTS = ["predictions.jsonl", "report.html", "scores.json"]

Evaluate = Callable[..., Any]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "data.jsonl", rows(COUNT))


@pytest.fixture
def evaluate(csc: CSC, llm_server: LLMServer, data: Path, tmp_path: Path) -> Evaluate:
    """Runs the command on the dialogues against the server, without keeping answers."""

    def run(*args: str | Path, **options: Any) -> Any:  # noqa: ANN401  those of csc, and what it gives
        env = {"CSC_DSPY_HOME": str(tmp_path / "home"), **options.pop("env", {})}
        at = ("--data", data, "--lm", "openai/test", "--api-base", llm_server.url, "--no-cache")
        return csc("evaluate", *at, *args, env=env, **options)

    return run


def test_a_folder_of_results_and_a_table(evaluate: Evaluate, llm_server: LLMServer, tmp_path: Path) -> None:
    done = evaluate("--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(llm_server.requests) == 2 * COUNT * TURNS * 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == RESULTS
    head = done.stdout.splitlines()[:2]
    assert "reference" in head[0]
    assert "generated" in head[0]
    metrics = ["B-2", "B-4", "R-L", "chrF", "ACC", "macro_f1", "mid", "stage_acc"]
    assert head[1].split() == metrics * 2
    assert "support-agent" in done.stdout
    assert "±" in done.stdout
    scores = json.loads((tmp_path / "out" / "scores.json").read_bytes())
    assert list(scores) == ["format", "about", "reference", "generated"]
    assert scores["about"]["lm"] == "openai/test"
    assert f"{scores['reference']['ACC']['value']:.2f}" in done.stdout
    assert len(read_rows(tmp_path / "out" / "predictions.jsonl")) == 2 * COUNT * TURNS


def test_json_alone(evaluate: Evaluate, tmp_path: Path) -> None:
    done = evaluate("strategy-predictor", "--json", "--contexts", "reference", "--limit", "2", "--seed", "3")
    assert (done.returncode, done.stderr) == (0, "")
    scores = json.loads(done.stdout)
    assert scores["about"]["seed"] == 3
    assert scores["reference"]["dialogues"] == 2
    assert "generated" not in scores
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.jsonl"]


def test_the_sample_by_the_embedded_engine(csc: CSC) -> None:
    done = csc("evaluate", "stage-tracker", "--json", "--limit", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["about"]["data"] == "csconv-sample:test"
    whole = csc("evaluate", "stage-tracker", "--json", "--split", "all", "--contexts", "reference")
    assert json.loads(whole.stdout)["reference"]["dialogues"] == 60
    dev = csc("evaluate", "stage-tracker", "--json", "--split", "dev", "--limit", "1")
    assert json.loads(dev.stdout)["about"]["data"] == "csconv-sample:dev"


def test_training_data_is_refused(csc: CSC) -> None:
    done = csc("evaluate", "--data", "rolecs-sample", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "RoleCS is for training; evaluating on it measures memory" in done.stderr


def test_failures_are_recorded_and_the_rest_goes_on(
    evaluate: Evaluate, llm_server: LLMServer, tmp_path: Path
) -> None:
    llm_server.script(fails(400, "no such option"), says(SECRET), says(SECRET), throttles("0"), fails(500))
    log = tmp_path / "log"
    args = ("support-agent-joint", "--contexts", "reference", "--concurrency", "1", "--out", "out")
    done = evaluate(*args, "-vv", "--log-file", log)
    assert done.returncode == 3
    assert "2 could not be predicted and count as wrong; --resume asks again for them alone" in done.stderr
    lines = read_rows(tmp_path / "out" / "predictions.jsonl")
    assert [line["error"] is None for line in lines] == [False, False] + [True] * (COUNT * TURNS - 2)
    scores = json.loads((tmp_path / "out" / "scores.json").read_bytes())
    assert scores["reference"]["failures"] == sum(scores["reference"]["failure_reasons"].values()) == 2
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir())
    assert SECRET not in done.stdout + done.stderr + log.read_text(encoding="utf-8") + written
    llm_server.requests.clear()
    assert evaluate(*args, "--resume").returncode == 0
    assert len(llm_server.requests) == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == RESULTS


def test_what_never_comes_times_out(evaluate: Evaluate, llm_server: LLMServer) -> None:
    # Every attempt at the first turn of the first dialogue.
    llm_server.script(hangs())
    llm_server.usually(lambda: hangs() if len(llm_server.requests) <= 6 else says("?"))
    args = ("stage-tracker", "--contexts", "reference", "--limit", "1", "--concurrency", "1")
    done = evaluate(*args, "--timeout", "0.05", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["reference"]["failures"] == TURNS


def test_a_wrong_key_stops_at_once_and_is_not_shown(
    evaluate: Evaluate, llm_server: LLMServer, tmp_path: Path
) -> None:
    llm_server.key = "sk-right"
    done = evaluate("--out", "out", "--concurrency", "2", env={"OPENAI_API_KEY": KEY})
    assert (done.returncode, done.stdout) == (2, "")
    assert "Incorrect API key" in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(llm_server.requests) <= 2
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    # Nothing was done, so there is nothing to resume.
    llm_server.key = None
    assert evaluate("--out", "out").returncode == 0


def test_a_comparison(evaluate: Evaluate, tmp_path: Path) -> None:
    done = evaluate("support-agent-joint", "--compare", "strategy-predictor", "--out", "out")
    assert done.returncode == 0
    assert "compared with strategy-predictor" in done.stdout
    assert "cannot tell" in done.stdout
    scores = json.loads((tmp_path / "out" / "scores.json").read_bytes())
    assert scores["comparison"]["other"]["program"] == "strategy-predictor"
    assert sorted(path.name for path in (tmp_path / "out" / "other").iterdir()) == RESULTS
    again = evaluate("strategy-predictor", "--compare", "out", "--json")
    ours = {name: each["difference"] for name, each in scores["comparison"]["generated"].items()}
    theirs = json.loads(again.stdout)["comparison"]["generated"]
    assert {name: -each["difference"] for name, each in theirs.items()} == pytest.approx(ours)


def test_predictions_of_another_system(evaluate: Evaluate, llm_server: LLMServer, tmp_path: Path) -> None:
    lines = [
        {"dialogue": row["id"], "turn": index, "strategy": turn["strategy"]}
        for row in rows(COUNT)
        for index, turn in enumerate(row["dialogue"])
        if turn["speaker"] == "supporter"
    ]
    file = write_rows(tmp_path / "theirs.jsonl", lines)
    done = evaluate("--predictions", file, "--json")
    assert done.returncode == 0
    scores = json.loads(done.stdout)
    assert scores["reference"]["ACC"]["value"] == 100.0
    assert (scores["about"]["program"], scores["about"]["lm"]) == (str(file), None)
    write_rows(file, lines[:-1])
    done = evaluate("--predictions", file, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {file}: dialogue d2, turn 6: is not predicted")
    assert llm_server.requests == []


def test_esconv(csc: CSC, llm_server: LLMServer, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "esconv.jsonl", rows(2, "esconv"))
    at = ("--lm", "openai/test", "--api-base", llm_server.url, "--no-cache")
    done = csc("evaluate", "--data", data, "--taxonomy", "esconv", "--json", *at)
    assert done.returncode == 0
    scores = json.loads(done.stdout)
    assert scores["about"]["taxonomy"]["id"] == "esconv"
    assert scores["generated"]["languages"].keys() == {"en", "zh"}
    done = csc("evaluate", "--data", data, "--json", *at)
    assert (done.returncode, "labelled by the taxonomy 'esconv'" in done.stderr) == (2, True)


def test_a_compiled_program(evaluate: Evaluate, llm_server: LLMServer, tmp_path: Path) -> None:
    program = StrategyPredictor(Options(language="zh"))
    program.predict.demos = [{"conversation": "客户：喂？", "strategy": "礼貌问候"}]
    folder = save(program, tmp_path / "compiled")
    for named in ((folder,), ("--program", folder)):
        llm_server.requests.clear()
        done = evaluate(*named, "--json", "--contexts", "reference")
        assert done.returncode == 0
        assert all("客户：喂？" in request.body.decode() for request in llm_server.requests)
        assert json.loads(done.stdout)["about"]["program"] == str(folder)


def test_details_and_published_results(evaluate: Evaluate) -> None:
    done = evaluate("strategy-predictor", "--out", "out", "--details", "--published")
    assert "below the line: published results on CSConv, other data than the sample" in done.stdout
    assert "GPT-4o" in done.stdout
    assert "42.58" in done.stdout
    assert done.stdout.count("Emotional Management") == 2
    assert "precision" in done.stdout


WRONG = [
    (("--resume", "--json"), "--resume needs --out"),
    (("strategy-predicter", "--json"), "did you mean 'strategy-predictor'?"),
    (("nowhere/at/all", "--json"), "nowhere/at/all/manifest.json: cannot be read"),
    (("stage-tracker", "--program", "support-agent", "--json"), "the program is given twice"),
    (("stage-tracker", "--predictions", "x.jsonl", "--json"), "give a program or --predictions"),
    (("strategy-classifier", "--contexts", "generated", "--json"), "give --contexts reference"),
    (("--contexts", "dreamt", "--json"), "'dreamt' is no context"),
    (("--split", "test", "--json"), "no row is of the part 'test'"),
    (("--predictions", "nowhere.jsonl", "--json"), "nowhere.jsonl: there is no such file"),
    (("stage-tracker", "--compare", "response-writer", "--json"), "compare systems that answer the same"),
]


@pytest.mark.parametrize(("args", "problem"), WRONG, ids=[" ".join(args) for args, _ in WRONG])
def test_wrong_usage_is_one_line(
    evaluate: Evaluate, llm_server: LLMServer, tmp_path: Path, args: tuple[str, ...], problem: str
) -> None:
    done = evaluate(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert llm_server.requests == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.jsonl"]


def test_predictions_that_are_read_are_not_written_over(evaluate: Evaluate, tmp_path: Path) -> None:
    assert evaluate("stage-tracker", "--out", "out").returncode == 0
    before = (tmp_path / "out" / "predictions.jsonl").read_bytes()
    for args in (("--predictions", "out"), ("stage-tracker", "--compare", "out")):
        done = evaluate(*args, "--out", "out")
        assert done.returncode == 2
        assert "out: holds the predictions that are read (write to another folder)" in done.stderr
    assert (tmp_path / "out" / "predictions.jsonl").read_bytes() == before


@pytest.mark.parametrize("columns", [80, 200])
def test_in_a_terminal(llm_server: LLMServer, data: Path, tmp_path: Path, columns: int) -> None:
    ours, theirs = pty.openpty()
    at = ("--data", data, "--lm", "openai/test", "--api-base", llm_server.url, "--no-cache")
    process = subprocess.Popen(
        [sys.executable, "-m", "csc_dspy", "evaluate", *at],
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    os.close(theirs)
    shown = b""
    # The end of the other side reads as an input error on Linux and as nothing elsewhere.
    with suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    process.communicate(timeout=60)
    assert process.returncode == 0
    lines = shown.decode().splitlines()
    # Side by side where there is room, else a metric a line.
    assert sum("support-agent" in line for line in lines) == 1
    assert any(line.split() == ["reference", "generated"] for line in lines)
    accuracy = [line for line in lines if "ACC" in line]
    assert len(accuracy) == 1
    assert ("chrF" in accuracy[0]) == (columns == 200)
    assert max(map(len, lines)) <= columns
