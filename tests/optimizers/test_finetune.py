"""Compiling to fine-tuning data: export, train, judge, artifact; and DSPy's own ways to the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dspy
import pytest

import csc_dspy as csc
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError
from csc_dspy.optimizers import Compiled
from csc_dspy.programs import PROGRAMS, Options, create
from csc_dspy.programs.teaching import training_examples
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.support.openai_server import LLMServer


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def dialogues(source: str, count: int) -> list[Conversation]:
    """Some in both languages."""
    return [each for language in LANGUAGES for each in list(csc.read(source, language=language))[:count]]


def tuned(program: str, language: Language, out: Path | None = None, **options: Any) -> Compiled:  # noqa: ANN401  those of csc.compile
    return csc.compile(
        program,
        train=dialogues("rolecs-sample", 4),
        dev=dialogues("csconv-sample:dev", 2),
        language=language,
        target="finetune",
        out=out,
        **options,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_in_both_languages(program: str, language: Language, tmp_path: Path) -> None:
    done = tuned(program, language, tmp_path / "out")
    assert done.model is not None
    assert done.model.startswith("embedded/")
    assert done.to_dict()["model"] == done.model
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["lm"] == done.model
    assert manifest["training"]["base"] == "embedded"
    assert manifest["training"]["rows"] > 0
    assert not (tmp_path / ".out.run").exists()
    # Loaded, it asks the model that it names.
    loaded = csc.load(tmp_path / "out")
    history = dialogues("csconv-sample:dev", 1)[LANGUAGES.index(language)].dialogue[:4]
    told = {"strategy-classifier": {"turn": "OK."}, "response-writer": {"strategy": "others"}}.get(
        program, {}
    )
    said = loaded(history=history, **told)
    with csc.using(done.model):
        assert loaded(history=history, **told).toDict() == said.toDict()


def test_both_languages_teach_one_model() -> None:
    zh, en = (tuned("strategy-predictor", language) for language in LANGUAGES)
    assert zh.model == en.model
    alone = csc.compile(
        "strategy-predictor",
        train=[each for each in dialogues("rolecs-sample", 4) if each.spoken_language == "en"],
        dev=dialogues("csconv-sample:dev", 2),
        target="finetune",
    )
    assert alone.model != en.model


def test_it_gains_and_says_how_much(tmp_path: Path) -> None:
    done = csc.compile(
        "stage-tracker",
        train="rolecs-sample",
        dev="csconv-sample:dev",
        language="zh",
        target="finetune",
        out=tmp_path / "out",
    )
    assert done.significant == "better"
    assert done.statement.startswith("stage-accuracy on dev: ")
    scores = json.loads((tmp_path / "out" / "scores.json").read_bytes())
    # Before is the language model as it was, after is the new one; all metrics agree with the gain.
    for side, score in (("before", done.dev_before), ("after", done.dev_after)):
        assert scores[side]["stage_acc"]["value"] == score.value
    assert [each["note"] for each in scores["trials"]][:2] == ["as it was", "fine-tuned"]


def test_equal_inputs_make_equal_bytes(tmp_path: Path) -> None:
    contents: list[dict[str, Any]] = []
    for name in ("a", "b"):
        tuned("support-agent", "en", tmp_path / name)
        files = {
            path.relative_to(tmp_path / name).as_posix(): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        manifest = json.loads(files.pop("manifest.json"))
        contents.append({**files, "manifest": {key: manifest[key] for key in manifest if key != "run"}})
    assert contents[0] == contents[1]


def test_elsewhere_the_model_is_missing(tmp_path: Path) -> None:
    done = tuned("strategy-predictor", "en", tmp_path / "out")
    assert done.model is not None
    code = f"import csc_dspy as csc; csc.load({str(tmp_path / 'out')!r})(history=[])"
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "CSC_DSPY_HOME": str(tmp_path / "elsewhere")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    problem = f"no fine-tuned model is called '{done.model.partition('/')[2]}'"
    assert problem in process.stderr.splitlines()[-1]
    assert "ConfigError" in process.stderr.splitlines()[-1]


def test_a_hosted_model(llm_server: LLMServer, tmp_path: Path) -> None:
    done = csc.compile(
        "strategy-predictor",
        train=dialogues("rolecs-sample", 1),
        dev=dialogues("csconv-sample:dev", 1),
        language="zh",
        target="finetune",
        training={"epochs": 1, "poll": 0.001},
        lm="openai/small",
        api_base=llm_server.url,
        cache=False,
        out=tmp_path / "out",
    )
    assert done.model == "openai/ft:small:shop::1"
    asked = [each.json["model"] for each in llm_server.requests]
    assert set(asked) == {"small", "ft:small:shop::1"}
    # First what it was, then what came out.
    assert asked == sorted(asked, key=lambda model: model.startswith("ft:"))
    assert done.calls == len(asked)
    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes())["lm"] == done.model


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"training": {"epochs": 2}}, "training it has no option 'epochs'"),
        ({"lm": "embedded/feed"}, "begun anew, not trained further"),
        ({"lm": "anthropic/claude"}, "cannot be fine-tuned from here"),
        ({"lm": csc.connect()}, "is a language model, not its name"),
    ],
)
def test_what_cannot_be_trained_is_said_first(options: dict[str, Any], problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=problem):
        tuned("strategy-predictor", "en", tmp_path / "out", **options)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_options_of_a_training_need_one() -> None:
    with pytest.raises(ConfigError, match="options of a training are for fine-tuning"):
        csc.compile(
            "strategy-predictor",
            train=dialogues("rolecs-sample", 1),
            dev=dialogues("csconv-sample:dev", 1),
            language="en",
            training={"seed": 1},
        )


def examples(language: Language, count: int) -> list[dspy.Example]:
    program = create("strategy-predictor", Options(language=language))
    return list(training_examples(program, csc.read("rolecs-sample")))[:count]


def right(example: dspy.Example, answer: Any, _trace: object = None) -> bool:  # noqa: ANN401  as DSPy has it
    return bool(example.strategy == answer.strategy)


@pytest.mark.parametrize("language", LANGUAGES)
def test_better_together_runs_on_our_programs(language: Language) -> None:
    program = create("strategy-predictor", Options(language=language))
    lm = csc.connect()
    program.set_lm(lm)
    together = dspy.BetterTogether(
        metric=right,
        p=dspy.LabeledFewShot(k=4),
        w=dspy.BootstrapFinetune(metric=right, num_threads=1),
    )
    with csc.using(lm, trace=True):
        found = together.compile(
            program,
            trainset=examples(language, 60),
            valset_ratio=0.2,
            strategy="p -> w",
            optimizer_compile_args={"p": {}, "w": {}},
        )
    models = {each.lm.model for each in found.predictors()}
    assert all(model.startswith("embedded") for model in models)
    with csc.using(next(iter(models))):
        assert found(history=[]).strategy in program.options.taxonomy.strategies
