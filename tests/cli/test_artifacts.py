"""``csc-dspy artifacts``: listed, shown, verified and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csc_dspy import read
from csc_dspy.compiled import load, save
from csc_dspy.optimizers import compile  # noqa: A004  as users call it
from tests.conftest import CSC
from tests.support.optimizers import Draws


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two artifacts of one program, in a folder of artifacts."""
    folder = tmp_path_factory.mktemp("made") / "artifacts"
    for name, size in (("small", 3), ("large", 6)):
        compile(
            "strategy-predictor",
            train=[each for each in read("rolecs-sample") if each.spoken_language == "en"][:3],
            dev=[each for each in read("csconv-sample:dev") if each.spoken_language == "en"][:2],
            optimizer=Draws(candidates=1, size=size),
            out=folder / "strategy-predictor" / name,
        )
    return folder


@pytest.fixture(autouse=True)
def _a_project(made: Path, tmp_path: Path) -> None:
    """Each test has a project of its own, whose artifacts it may change."""
    for path in made.rglob("*"):
        if path.is_file():
            copy = tmp_path / "artifacts" / path.relative_to(made)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def test_list(csc: CSC) -> None:
    process = csc("artifacts", "list", "artifacts", "--json")
    assert (process.returncode, process.stderr) == (0, "")
    rows = json.loads(process.stdout)
    assert [row["name"] for row in rows] == ["strategy-predictor/large", "strategy-predictor/small"]
    assert {(row["language"], row["lm"], row["optimizer"], row["partial"]) for row in rows} == {
        ("en", "embedded", "draws", False)
    }
    assert rows[0]["after"] > rows[0]["before"]
    everything = csc("artifacts", "list").stdout
    assert "strategy-predictor/large" in everything
    # Those of the package follow those of the project.
    assert everything.index("strategy-predictor/small") < everything.index("stage-tracker/zh")


def test_show(csc: CSC) -> None:
    process = csc("artifacts", "show", "strategy-predictor/large")
    assert (process.returncode, process.stderr) == (0, "")
    for told in ("artifacts/strategy-predictor/large", "draws", '{"candidates": 1, "size": 6}', "predict"):
        assert told in process.stdout
    content = json.loads(csc("artifacts", "show", "artifacts/strategy-predictor/large", "--json").stdout)
    assert content["predictors"]["predict"]["demonstrations"] == 6
    assert content["manifest"]["program"] == "strategy-predictor"
    assert content["scores"]["metric"] == "accuracy"
    unknown = csc("artifacts", "show", "strategy-predictor/medium")
    assert unknown.returncode == 2
    assert "there is no compiled strategy-predictor/medium" in unknown.stderr


def test_verify(csc: CSC, tmp_path: Path) -> None:
    good = csc("artifacts", "verify", "artifacts/strategy-predictor/small")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.count("good") == 1
    with (tmp_path / "artifacts" / "strategy-predictor" / "large" / "report.html").open("a") as stream:
        stream.write("<script>")
    bad = csc("artifacts", "verify", "--json")
    assert bad.returncode == 1
    results = json.loads(bad.stdout)
    assert results["artifacts/strategy-predictor/small"] == {"good": True, "problem": None}
    assert "report.html: is not what was saved" in results["artifacts/strategy-predictor/large"]["problem"]
    # All that come with the package are good.
    assert sum(result["good"] for result in results.values()) == len(results) - 1 >= 13


def test_another_taxonomy_is_refused(csc: CSC) -> None:
    process = csc("artifacts", "verify", "strategy-predictor/small", "--taxonomy", "esconv")
    assert process.returncode == 1
    assert "was compiled for the taxonomy 'copc', and this is 'esconv'" in process.stdout
    assert "csc-dspy compile strategy-predictor --language en --optimizer draws" in process.stdout


def test_diff(csc: CSC, tmp_path: Path) -> None:
    pair = ("strategy-predictor/small", "strategy-predictor/large")
    process = csc("artifacts", "diff", *pair, "--json")
    assert (process.returncode, process.stderr) == (0, "")
    found = json.loads(process.stdout)
    assert not found["same"]
    assert found["facts"]["parameters"] == ['{"candidates": 1, "size": 3}', '{"candidates": 1, "size": 6}']
    only_one, only_other, both = found["demonstrations"]["predict"]
    assert (only_one + both, only_other + both) == (3, 6)
    assert "macro_f1" in found["scores"]
    assert found["instructions"] == {}

    program = load(tmp_path / "artifacts" / "strategy-predictor" / "small")
    predictor = program.predictors()[0]
    said = predictor.signature.instructions
    predictor.signature = predictor.signature.with_instructions(f"{said}\nBe quick.")
    save(program, tmp_path / "edited")
    shown = csc("artifacts", "diff", "strategy-predictor/small", "edited").stdout
    assert "instructions of predict:" in shown
    assert "+Be quick." in shown
    assert csc("artifacts", "diff", pair[0], pair[0]).stdout == "the same program\n"


def test_different_programs_are_not_compared(csc: CSC) -> None:
    process = csc("artifacts", "diff", "strategy-predictor/small", "stage-tracker/zh")
    assert process.returncode == 2
    assert "strategy-predictor and stage-tracker are different programs" in process.stderr
    several = csc("artifacts", "diff", "stage-tracker", "stage-tracker/zh")
    assert "is there in several languages (name one: stage-tracker/en or stage-tracker/zh)" in several.stderr
