"""A compiled program whose model was fine-tuned from the embedded engine asks that model by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import csc_dspy as csc
from csc_dspy.choosing import Programs
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError
from csc_dspy.optimizers import Compiled
from csc_dspy.taxonomy import LANGUAGES


def some(source: str, count: int) -> list[Conversation]:
    """Dialogues in both languages."""
    return [each for language in LANGUAGES for each in list(csc.read(source, language=language))[:count]]


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compiled:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))
    return csc.compile(
        "strategy-predictor",
        train=some("rolecs-sample", 4),
        dev=some("csconv-sample:dev", 2),
        language="en",
        target="finetune",
        out=tmp_path / "out",
    )


def test_it_is_asked_where_nothing_else_is_named(compiled: Compiled, tmp_path: Path) -> None:
    judged = some("csconv-sample:dev", 2)
    by_itself = csc.evaluate(str(tmp_path / "out"), judged, contexts=["reference"])
    assert compiled.model is not None
    named = csc.evaluate(str(tmp_path / "out"), judged, contexts=["reference"], lm=compiled.model)
    assert by_itself.content["about"]["lm"] == compiled.model == named.content["about"]["lm"]
    assert by_itself.content["reference"]["ACC"] == named.content["reference"]["ACC"]
    before = csc.evaluate("strategy-predictor", judged, contexts=["reference"], uncompiled=True)
    assert before.content["about"]["lm"] == "embedded"
    assert before.content["reference"]["ACC"] != by_itself.content["reference"]["ACC"]


def test_two_are_compared_each_by_its_own(compiled: Compiled, tmp_path: Path) -> None:
    found = csc.evaluate(
        str(tmp_path / "out"),
        some("csconv-sample:dev", 2),
        contexts=["reference"],
        compare="strategy-predictor",
    )
    assert found.other is not None
    assert found.content["about"]["lm"] == compiled.model
    assert found.other.content["about"]["lm"] == "embedded"


def test_another_language_model_stands_in_for_it(compiled: Compiled, tmp_path: Path) -> None:
    assert Programs(str(tmp_path / "out"), lm="embedded").lm == compiled.model
    assert Programs(str(tmp_path / "out"), lm="openai/other").lm is None
    assert Programs(str(tmp_path / "out")).in_language("en").predictors()[0].lm is None


def test_the_program_that_is_given_stays_as_it_is(compiled: Compiled) -> None:
    Programs(compiled.program, lm="embedded").in_language("en")
    assert compiled.program.predictors()[0].lm is None


def test_where_it_is_not_that_is_said(compiled: Compiled, tmp_path: Path) -> None:
    assert compiled.model is not None
    manifest = tmp_path / "out" / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(compiled.model, "embedded/0123456789abcdef"), encoding="utf-8")
    with pytest.raises(ConfigError, match="no fine-tuned model is called '0123456789abcdef'"):
        Programs(str(tmp_path / "out"), lm="embedded").in_language("en")
