"""``csc-dspy compile`` as people call it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pytest

from csc_dspy import read
from csc_dspy.cli.compile import command
from csc_dspy.signatures import Shown
from tests.conftest import CSC
from tests.support.openai_server import LLMServer


def write_dialogues(path: Path, source: str, languages: Sequence[str] = ("en",), count: int = 3) -> Path:
    chosen = [
        each.row()
        for language in languages
        for each in [each for each in read(source) if each.spoken_language == language][:count]
    ]
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in chosen), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, ...]:
    train = write_dialogues(tmp_path / "learn.jsonl", "rolecs-sample")
    dev = write_dialogues(tmp_path / "judge.jsonl", "csconv-sample:dev", count=2)
    return "--train", str(train), "--dev", str(dev)


SEARCH = ("--optimizer", "balanced", "--parameter", "candidates=2", "--parameter", "exchanges=0")


def test_the_answer_is_json(csc: CSC, data: tuple[str, ...], tmp_path: Path) -> None:
    process = csc("compile", "strategy-predictor", *data, *SEARCH, "--out", "out", "--json")
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout)
    assert {"artifact", "dev_before", "dev_after", "calls", "seconds"} <= set(answer)
    assert (answer["artifact"], answer["partial"], answer["optimizer"]) == ("out", False, "balanced")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["optimizer"]["parameters"]["candidates"] == 2
    # The plan is said before anything is done, beside the answer.
    (plan,) = process.stderr.splitlines()
    assert plan.startswith("strategy-predictor in 'en' by balanced for accuracy on embedded: 3 dialogues")
    assert "at most" in plan


def test_without_a_folder_it_goes_where_it_is_found(csc: CSC, data: tuple[str, ...], tmp_path: Path) -> None:
    process = csc("compile", "stage-tracker", *data, *SEARCH, "-q")
    assert process.returncode == 0
    assert process.stderr == ""
    statement, place = process.stdout.splitlines()
    assert statement.startswith("stage-accuracy on dev: ")
    assert place == "artifacts/stage-tracker/en"
    asked = json.dumps({"dialogue": [{"speaker": "customer", "text": "My card was swallowed!"}]})
    reply = csc("reply", "--program", "artifacts/stage-tracker/en", input=f"{asked}\n")
    assert json.loads(reply.stdout)["stage"]
    assert {path.name for path in (tmp_path / "artifacts" / "stage-tracker").iterdir()} == {"en"}


def test_a_dry_run_asks_nothing(
    csc: CSC, data: tuple[str, ...], llm_server: LLMServer, tmp_path: Path
) -> None:
    model = ("--lm", "openai/test", "--api-base", llm_server.url, "--price", "1,2", "--out", "out")
    process = csc("compile", "support-agent", *data, *SEARCH, *model, "--dry-run", "--json")
    assert (process.returncode, process.stderr) == (0, "")
    plan = json.loads(process.stdout)
    assert plan["most_calls"] > 0
    assert plan["most_usd"] > 0
    assert plan["train"]["dialogues"] == 3
    told = csc("compile", "support-agent", *data, *SEARCH, *model, "--dry-run").stdout
    assert f"at most {plan['most_calls']:,} calls" in told
    assert llm_server.requests == []
    assert not (tmp_path / "out").exists()


def test_a_hosted_model_with_helpers(
    csc: CSC, data: tuple[str, ...], llm_server: LLMServer, tmp_path: Path
) -> None:
    process = csc(
        *("compile", "strategy-predictor", *data, "--optimizer", "bootstrap", "--parameter", "attempts=4"),
        *("--parameter", "labelled=2", "--lm", "openai/small", "--teacher-lm", "openai/large"),
        *("--api-base", llm_server.url, "--no-cache", "--out", "out", "--json", "-q"),
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert {each.json["model"] for each in llm_server.requests} == {"small", "large"}
    answer = json.loads(process.stdout)
    assert answer["calls"] == len(llm_server.requests)
    assert answer["tokens"] > 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert (manifest["lm"], manifest["helpers"]) == ("openai/small", {"teacher_lm": "openai/large"})


def test_what_prompts_show(csc: CSC, data: tuple[str, ...], tmp_path: Path) -> None:
    args = ("--hide", "distinctions", "--hide", "stage-so-far", "--reasoning", "--history-tokens", "90")
    assert csc("compile", "strategy-predictor", *data, *SEARCH, *args, "--out", "out").returncode == 0
    options = json.loads((tmp_path / "out" / "manifest.json").read_bytes())["options"]
    assert (options["reasoning"], options["history_tokens"]) == (True, 90)
    assert not options["shown"]["distinctions"]
    assert not options["shown"]["stage_so_far"]
    assert options["shown"]["definitions"]


def test_all_that_prompts_can_show_can_be_chosen() -> None:
    shown = {field.name.replace("_", "-") for field in fields(Shown)}
    for name in ("show", "hide"):
        (option,) = [each for each in command.params if each.name == name]
        assert set(option.type.choices) == shown  # type: ignore[attr-defined]  # of a choice


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("strategy-predicter",), "no program is called 'strategy-predicter' (did you mean"),
        (("strategy-predictor", "--optimizer", "balance"), "no optimizer is called 'balance' (did you mean"),
        (
            ("strategy-predictor", "--parameter", "size"),
            "--parameter: 'size' has no value (write NAME",
        ),
        (("strategy-predictor", *SEARCH, "--parameter", "sise=3"), "balanced has no parameter 'sise'"),
        (("strategy-predictor", "--metric", "acuracy"), "no objective is called 'acuracy' (did you mean"),
        (("stage-tracker", "--metric", "accuracy"), "is not asked for the strategy that accuracy is about"),
        (("strategy-predictor", "--dev", "csconv-sample"), "csconv-sample: test dialogues are for final"),
        (("strategy-predictor", "--dev", "csconv-sample:test"), "test dialogues are for final results"),
        (("strategy-predictor", "--train", "csconv-sample:dev"), "CSConv is for evaluation"),
        (("strategy-predictor", "--show", "hint", "--hide", "hint"), "hint is both shown and hidden"),
        (("strategy-predictor", "--train", "nowhere.jsonl"), "no file, folder or packaged sample"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_done(
    csc: CSC, data: tuple[str, ...], tmp_path: Path, args: tuple[str, ...], problem: str
) -> None:
    process = csc("compile", args[0], *data, *args[1:], "--out", "out")
    assert process.returncode == 2
    assert process.stdout == ""
    (line,) = process.stderr.splitlines()
    assert line.startswith("error: ")
    assert problem in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["judge.jsonl", "learn.jsonl"]


def test_two_languages_need_a_choice(csc: CSC, tmp_path: Path) -> None:
    both = write_dialogues(tmp_path / "both.jsonl", "rolecs-sample", ("en", "zh"))
    process = csc("compile", "strategy-predictor", "--train", both, "--dry-run")
    assert process.returncode == 2
    assert "choose it with --language zh or --language en" in process.stderr
    told = csc("compile", "strategy-predictor", "--train", both, "--dry-run", "--language", "zh")
    assert "strategy-predictor in 'zh'" in told.stdout
    assert "csconv-sample:dev" in told.stdout


def test_another_folder_is_left_alone(csc: CSC, data: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    process = csc("compile", "strategy-predictor", *data, *SEARCH, "--out", "out")
    assert process.returncode == 2
    assert "out: holds something else than an artifact, and is not replaced" in process.stderr
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
