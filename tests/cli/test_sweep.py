"""``csc-dspy sweep`` as people call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csc_dspy import load, read
from csc_dspy.optimizers.sweep.reading import read_settings
from tests.conftest import CSC

SWEEP = """
train = "learn.jsonl"
dev = "judge.jsonl"
objectives = "accuracy"
trials = 5
keep = 2

[space]
program = "strategy-predictor"
optimizer = { values = ["labeled"] }
history-tokens = { values = ["all", 200] }

[space.optimizers.labeled]
demonstrations = { low = 4, high = 16, step = 4 }
"""
KEYS = {"best", "baseline", "trials", "pruned", "evaluated_turns", "saved_turns", "artifact", "report"}
Answer = dict[str, Any]


def write_dialogues(path: Path, source: str, count: int, turns: int) -> None:
    rows = [each.row() for each in read(source) if each.spoken_language == "en"][:count]
    for row in rows:
        row["dialogue"] = row["dialogue"][:turns]
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path) -> None:
    write_dialogues(tmp_path / "learn.jsonl", "rolecs-sample", 4, 14)
    write_dialogues(tmp_path / "judge.jsonl", "csconv-sample:dev", 3, 12)
    (tmp_path / "SWEEP.toml").write_text(SWEEP)


@pytest.fixture
def swept(csc: CSC) -> Callable[..., Answer]:
    """Runs the command to its end; the answer."""

    def run(*args: str, code: int = 0) -> Answer:
        process = csc("sweep", "SWEEP.toml", *args, "--json")
        assert (process.returncode, process.stderr) == (code, "")
        answer: Answer = json.loads(process.stdout)
        return answer

    return run


def test_the_answer_is_json_and_the_same_seed_gives_it_again(
    swept: Callable[..., Answer], tmp_path: Path
) -> None:
    answer = swept("--out", "out")
    assert set(answer) >= KEYS
    assert answer["trials"] == answer["complete"] + answer["pruned"] == 5
    assert answer["evaluated_turns"] + answer["saved_turns"] == 5 * turns_of(tmp_path / "judge.jsonl")
    assert answer["artifact"] == "out/artifact"
    assert load(tmp_path / "out" / "artifact").name == "strategy-predictor"
    assert json.loads((tmp_path / "out" / "sweep.json").read_text()).items() <= answer.items()
    assert answer["best"]["note"] in (tmp_path / "out" / "report.html").read_text()

    other = swept("--out", "other", "--seed", "0")
    for name in ("best", "baseline"):
        assert {**other[name], "artifact": None} == {**answer[name], "artifact": None}
    # More trials are added to those that are there.
    more = swept("--out", "out", "--trials", "6", "--resume")
    assert more["trials"] == 6
    assert more["baseline"] == answer["baseline"]


def turns_of(path: Path) -> int:
    return sum(1 for each in read(path) for _ in each.supporter_turns())


def test_people_are_told_in_lines(csc: CSC, tmp_path: Path) -> None:
    process = csc("sweep", "SWEEP.toml", "--trials", "3", "-v")
    assert process.returncode == 0
    statement, best, artifact, report = process.stdout.splitlines()
    assert statement.startswith("accuracy on dev: ")
    assert best.startswith("trial ")
    assert (artifact, report) == ("sweeps/SWEEP/artifact", "sweeps/SWEEP/report.html")
    notes = [line for line in process.stderr.splitlines() if "sweeping: " in line]
    assert "sweeping: 3 of 3" in notes[-1]
    assert "; best accuracy " in notes[-1]
    assert "trial" not in csc("sweep", "SWEEP.toml", "--trials", "3", "-q").stderr
    assert (tmp_path / report).is_file()


def test_two_workers_share_a_study(csc: CSC, tmp_path: Path) -> None:
    process = csc("sweep", "SWEEP.toml", "--workers", "2", "--trials", "6", "--out", "out", "--json")
    assert (process.returncode, process.stderr) == (0, "")
    assert json.loads(process.stdout)["trials"] == 6
    logs = sorted((tmp_path / "out" / "workers").iterdir())
    assert [each.name for each in logs] == ["worker-0.log", "worker-1.log"]


def test_a_worker_helps_with_a_study_elsewhere(csc: CSC, tmp_path: Path) -> None:
    there = ("--storage", "journal:shared/study.log")
    process = csc("sweep", "SWEEP.toml", *there, "--worker", "--out", "mine")
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    assert not (tmp_path / "mine" / "artifact").exists()
    answer = json.loads(csc("sweep", "SWEEP.toml", *there, "--out", "yours", "--json").stdout)
    assert answer["trials"] == 5
    assert (tmp_path / "yours" / "artifact").is_dir()
    assert not (tmp_path / "yours" / "study.db").exists()


def test_a_file_to_begin_from(csc: CSC, tmp_path: Path) -> None:
    process = csc("sweep", "--init", "mine.toml")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == "mine.toml is a sweep to begin from: csc-dspy sweep mine.toml\n"
    begun = read_settings(tmp_path / "mine.toml", language="en")
    assert begun.identity == read_settings(preset="quick", language="en").identity
    again = csc("sweep", "--init", "mine.toml")
    assert (again.returncode, again.stderr) == (2, "error: mine.toml: is there already (give another name)\n")


def test_a_dry_run_does_nothing(csc: CSC, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    args = ("sweep", "SWEEP.toml", "--dry-run", "--storage", "postgresql://me:geheim@nowhere/x")
    process = csc(
        *args, "--json", "--trials", "9", "--objective", "macro-f1", "--objective", "calls-per-turn"
    )
    assert (process.returncode, process.stderr) == (0, "")
    plan = json.loads(process.stdout)
    assert plan["objectives"] == ["macro-f1", "calls-per-turn"]
    assert plan["most_turns"] == 9 * turns_of(tmp_path / "judge.jsonl")
    assert plan["storage"] == "postgresql://me:***@nowhere/x"
    head, *parameters = csc(*args).stdout.splitlines()
    assert head.startswith("5 trials for accuracy in 'en': learning from learn.jsonl, 4 dialogues")
    assert "  labeled.demonstrations: 4 to 16 in steps of 4" in parameters
    assert '  history-tokens: "all", 200' in parameters
    assert sorted(tmp_path.iterdir()) == before


def test_options_stand_before_the_file(csc: CSC) -> None:
    args = ("--seed", "7", "--temperature", "0.5", "--lm", "openai/test", "--api-base", "http://127.0.0.1:9")
    plan = json.loads(csc("sweep", "SWEEP.toml", *args, "--dry-run", "--json").stdout)
    assert plan["seed"] == 7
    assert plan["space"]["lm"] == {"values": ["openai/test"]}
    assert plan["space"]["temperature"] == {"values": [0.5]}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("trials = 5", "trails = 5", "SWEEP.toml:5: unknown key 'trails' (did you mean 'trials'?)"),
        ('["labeled"]', '["labelled"]', "SWEEP.toml:10: "),
        ("low = 4, high = 16", "low = 16, high = 4", "SWEEP.toml:14: "),
        ('"accuracy"', '"acuracy"', "SWEEP.toml:4: "),
        ('"strategy-predictor"', '"strategy-predicter"', "SWEEP.toml:9: "),
    ],
)
def test_a_mistake_in_the_file(csc: CSC, tmp_path: Path, old: str, new: str, problem: str) -> None:
    (tmp_path / "SWEEP.toml").write_text(SWEEP.replace(old, new))
    process = csc("sweep", "SWEEP.toml", "--out", "out")
    assert (process.returncode, process.stdout) == (2, "")
    (line,) = process.stderr.splitlines()
    assert line.startswith(f"error: {problem}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("SWEEP.toml", "--preset", "cost"), "a file and a preset are named"),
        (("--preset", "quik"), "'quik' is not one of 'quick', 'thorough', 'cost'"),
        (("SWEEP.toml", "--storage", "study"), "--storage: is not the URL of a storage (give sqlite:///FILE"),
        (
            ("SWEEP.toml", "--storage", "postgresql://me:geheim@127.0.0.1:9/x"),
            "127.0.0.1:9/x: connection failed",
        ),
        (("SWEEP.toml", "--worker", "--hired", "me"), "--hired: 'me' is not PID,NUMBER"),
        (("SWEEP.toml", "--final-test"), "--final-test: judge.jsonl is no part of anything"),
        (("SWEEP.toml", "--dev", "csconv-sample:test"), "test dialogues are for final results"),
        (("missing.toml",), "missing.toml: there is no such file"),
    ],
)
def test_what_cannot_be_done(csc: CSC, args: tuple[str, ...], problem: str) -> None:
    process = csc("sweep", *args, "--out", "out")
    assert (process.returncode, process.stdout) == (2, "")
    (line,) = process.stderr.splitlines()
    assert line.startswith("error: ")
    assert problem in line
    assert "geheim" not in line


def test_another_sweep_is_not_gone_on_with(csc: CSC, swept: Callable[..., Answer], tmp_path: Path) -> None:
    answer = swept("--out", "out", "--trials", "2")
    (tmp_path / "SWEEP.toml").write_text(SWEEP.replace("high = 16", "high = 20"))
    for args, changed in {
        (): "another search space (labeled.demonstrations)",
        ("--seed", "3"): "another search space (labeled.demonstrations); another seed",
        ("--dev", "csconv-sample:dev"): "another dev data",
    }.items():
        process = csc("sweep", "SWEEP.toml", "--out", "out", *args)
        assert process.returncode == 2
        assert f"the study 'sweep' was begun with {changed}" in process.stderr
    assert json.loads((tmp_path / "out" / "sweep.json").read_text())["best"] == answer["best"]


def test_the_test_part_is_scored_in_the_end(swept: Callable[..., Answer]) -> None:
    args = ("--dev", "csconv-sample:dev", "--language", "en", "--trials", "2", "--out", "out")
    assert swept(*args)["test"] is None
    tested = swept(*args, "--final-test")["test"]
    assert set(tested) == {"winner", "baseline"}
    assert 0 < tested["winner"]["accuracy"]["low"] < tested["winner"]["accuracy"]["high"] <= 100
