"""``csc-dspy export`` as people call it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from csc_dspy import read
from csc_dspy.cli.export import command
from csc_dspy.finetuning.formats import FORMATS
from csc_dspy.finetuning.options import Leaks
from csc_dspy.finetuning.pairs import Pairs
from csc_dspy.finetuning.streaming import Source
from tests.conftest import CSC
from tests.support.openai_server import LLMServer


def write_dialogues(path: Path, languages: Sequence[str] = ("en", "zh"), count: int = 3) -> Path:
    chosen = [
        each.row()
        for language in languages
        for each in [each for each in read("rolecs-sample") if each.spoken_language == language][:count]
    ]
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in chosen), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(write_dialogues(tmp_path / "learn.jsonl"))


def test_the_answer_is_json(csc: CSC, tmp_path: Path) -> None:
    args = ("--train", "rolecs-sample", "--format", "openai", "--out", "out", "--json")
    process = csc("export", "strategy-predictor", *args)
    assert (process.returncode, process.stderr) == (0, "")
    answer = json.loads(process.stdout)
    assert {"out", "rows", "strategies", "left_out", "seconds"} <= set(answer)
    assert (answer["out"], answer["program"], answer["form"]) == ("out", "strategy-predictor", "openai")
    lines = (tmp_path / "out" / "train.jsonl").read_bytes().splitlines()
    assert answer["rows"] == {"train": len(lines), "validation": 0}
    assert sum(answer["strategies"].values()) == len(lines)
    assert json.loads(lines[0])["messages"][-1]["role"] == "assistant"
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert answer["left_out"] == manifest["left_out"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_answer_for_people(csc: CSC, data: str) -> None:
    process = csc("export", "support-agent", "--train", data, "--out", "out", "--validation", "0.3", "-q")
    assert (process.returncode, process.stderr) == (0, "")
    first, *_ = process.stdout.splitlines()
    assert first.startswith("out: ")
    assert "rows to train on, " in first
    assert "to validate by" in first
    assert "emotional_management" in process.stdout
    assert "duplicate" in process.stdout


def test_all_options_arrive(csc: CSC, data: str, tmp_path: Path) -> None:
    process = csc(
        *("export", "support-agent", "--train", data, "--out", "out", "--format", "trl", "--language", "zh"),
        *("--task", "strategy=2,response=1", "--balance", "cap:4", "--history-tokens", "60", "--seed", "7"),
        *("--max-tokens-row", "9000", "--leaks", "drop", "--against", "csconv-sample:test", "--limit", "2"),
        *("--no-demonstrations", "--quarantine", "bad.jsonl", "--json"),
    )
    assert (process.returncode, process.stderr) == (0, "")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["options"] == {
        "task": "strategy=2,response=1",
        "demonstrations": False,
        "balance": "cap:4",
        "max-tokens-row": 9000,
        "leaks": "drop",
        "limit": 2,
        "seed": 7,
        "language": "zh",
        "history-tokens": 60,
        "against": ["csconv-sample:test"],
    }
    assert (manifest["form"], manifest["language"]) == ("trl", ["zh"])
    tasks = manifest["tasks"]
    assert tasks["strategy"] == 2 * tasks["response"] or sum(tasks.values()) % 3


def test_pairs_and_a_taxonomy_of_ones_own(csc: CSC, tmp_path: Path, checkout: Path) -> None:
    copc = (checkout / "csc_dspy" / "taxonomy" / "copc.toml").read_text(encoding="utf-8")
    (tmp_path / "ours.toml").write_text(copc.replace('id = "copc"', 'id = "ours"', 1), encoding="utf-8")
    data = write_dialogues(tmp_path / "learn.jsonl", ["zh"])
    args = ("--train", data, "--taxonomy", "ours.toml", "--pairs", "other-strategy", "--out", "out", "--json")
    process = csc("export", "support-agent-joint", *args)
    assert (process.returncode, process.stderr) == (0, "")
    assert json.loads(process.stdout)["pairs"] is True
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["taxonomy"]["id"] == "ours"


def test_traces_by_a_hosted_model(csc: CSC, data: str, llm_server: LLMServer, tmp_path: Path) -> None:
    model = ("--lm", "openai/test", "--api-base", llm_server.url, "--no-cache")
    args = ("--train", data, "--source", "traces", "--out", "out", "--json")
    process = csc("export", "response-writer", *args, *model)
    assert (process.returncode, process.stderr) == (0, "")
    answer = json.loads(process.stdout)
    assert sum(answer["rows"].values()) + answer["left_out"].get("duplicate", 0) == len(llm_server.requests)
    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes())["options"]["lm"] == "openai/test"


def test_a_wrong_key(csc: CSC, data: str, llm_server: LLMServer, tmp_path: Path) -> None:
    llm_server.key = "sk-right"
    model = ("--lm", "openai/test", "--api-base", llm_server.url, "--no-cache", "--concurrency", "4")
    args = ("--train", data, "--source", "traces", "--out", "out")
    process = csc("export", "strategy-predictor", *args, *model, env={"OPENAI_API_KEY": "sk-wrong"})
    assert process.returncode == 2
    (line,) = process.stderr.splitlines()
    assert line.startswith("error: --lm openai/test: ")
    assert "Incorrect API key provided" in line
    assert "the key is from OPENAI_API_KEY" in line
    assert "sk-wrong" not in line
    assert len(llm_server.requests) <= 4
    assert [path.name for path in tmp_path.iterdir()] == ["learn.jsonl"]


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("strategy-predicter",), "no program is called 'strategy-predicter' (did you mean"),
        (("support-agent", "--task", "stages"), "--task: no task is called 'stages' (did you mean 'stage'?)"),
        (("support-agent", "--task", "stage=1,strategy"), "some tasks have a share and others have none"),
        (("support-agent", "--task", "joint"), "--task: support-agent does not ask for the task 'joint'"),
        (("support-agent", "--balance", "cap"), "--balance: 'cap' does not say how many rows"),
        (("support-agent", "--format", "jsonl"), "'jsonl' is not one of"),
        (("support-agent", "--train", "csconv-sample"), "CSConv is for evaluation"),
        (("support-agent", "--train", "nowhere.jsonl"), "no file, folder or packaged sample"),
        (("support-agent", "--train", "empty.jsonl"), "empty.jsonl: is empty"),
        (("support-agent", "--public"), "--public needs --push-to-hub"),
        (("support-agent", "--pairs", "program"), "--pairs program and --rejected-by go together"),
        (
            ("support-agent", "--against", "learn.jsonl"),
            "dialogues are evaluation dialogues, exactly or nearly",
        ),
        (("support-agent", "--max-tokens-row", "5"), "no row is left to train on: "),
        (("support-agent", "--tokenizer", "no/where.json"), "no/where.json: there is no tokenizer"),
        (("support-agent", "--out", "learn.jsonl"), "learn.jsonl: is the input itself"),
        (("support-agent", "--out", "theirs"), "theirs: holds something else than an export"),
    ],
)
def test_what_is_wrong_leaves_nothing_behind(
    csc: CSC, data: str, tmp_path: Path, args: tuple[str, ...], problem: str
) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "notes.txt").touch()
    process = csc("export", *("--train", data, "--out", "out"), *args)
    assert process.returncode == 2
    assert process.stdout == ""
    line = process.stderr.splitlines()[-1]
    assert line.startswith("error: ")
    assert problem in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.jsonl", "learn.jsonl", "theirs"]


def test_nothing_is_pushed_offline(csc: CSC, data: str, tmp_path: Path) -> None:
    process = csc("export", "stage-tracker", "--train", data, "--out", "out", "--push-to-hub", "me/rows")
    assert process.returncode == 2
    assert process.stderr.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in process.stderr
    # What was exported stays.
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_what_can_be_chosen() -> None:
    choices = {each.name: getattr(each.type, "choices", None) for each in command.params}
    assert list(choices["form"] or ()) == list(FORMATS)
    assert list(choices["source"] or ()) == list(get_args(Source))
    assert list(choices["pairs"] or ()) == list(get_args(Pairs))
    assert list(choices["leaks"] or ()) == list(get_args(Leaks))
