"""Compiling to fine-tuning data: export, train, judge, artifact; and DSPy's own ways to the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import dspy
import pytest

import csc_dspy as csc
from csc_dspy.choosing import Programs
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError
from csc_dspy.optimizers import Compiled
from csc_dspy.optimizers._base import Bench
from csc_dspy.optimizers.evidence import evidence, fusions
from csc_dspy.optimizers.holding_out import fits, held_out_models
from csc_dspy.optimizers.objective import objective
from csc_dspy.optimizers.trials import Trials
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


def test_what_is_joined_with_the_model_is_better_on_dev_too(tmp_path: Path) -> None:
    for language in LANGUAGES:
        done = tuned("strategy-classifier", language, tmp_path / language)
        trials = json.loads((tmp_path / language / "scores.json").read_bytes())["trials"]
        (before,) = [each["score"] for each in trials if each["note"] == "fine-tuned"]
        ((_, fusion),) = fusions(done.program)
        assert done.dev_after.value > before if fusion.active else done.dev_after.value == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_models_are_held_out_by_dialogue(language: Language, tmp_path: Path) -> None:
    known = dialogues("rolecs-sample", 6)
    found = [*held_out_models(Programs("strategy-predictor"), known, 0)]
    left_out = [name for each in found for name in each.dialogues]
    assert len(found) == 5
    assert sorted(left_out) == sorted(str(each.id) for each in known)
    # Each is the model that the rest would have made.
    first = found[0]
    rest = [each for each in known if each.id not in first.dialogues]
    rows = csc.export("strategy-predictor", train=rest, out=tmp_path / "rows").out
    trained = csc.train(rows, out=tmp_path / "model").model
    program = create("strategy-predictor", Options(language=language))
    history = next(each for each in known if each.spoken_language == language).dialogue[:6]
    said = []
    for lm in (first.lm, trained):
        with csc.using(lm):
            said.append(program(history=history).toDict())
    assert said[0] == said[1]


def test_a_compiled_program_is_held_out_in_its_language() -> None:
    known = dialogues("rolecs-sample", 5)
    program = create("strategy-predictor", Options(language="zh"))
    found = held_out_models(Programs(program, language="zh"), known, 0)
    chinese = {each.id for each in known if each.spoken_language == "zh"}
    assert {name for each in found for name in each.dialogues} == chinese


def test_of_training_turns_only_those_are_opinions_that_were_not_seen() -> None:
    done = tuned("strategy-predictor", "en")
    program = create("strategy-predictor", Options(language="en"))
    wish = objective(None, program)
    known = dialogues("rolecs-sample", 4)
    held_out = [*held_out_models(Programs("strategy-predictor"), known, 0)]
    dev = dialogues("csconv-sample:dev", 1)
    bench = Bench(
        train=[*training_examples(program, known)],
        dev=[*training_examples(program, dev)],
        objective=wish,
        trials=Trials(dev, wish),
        held_out=lambda: held_out,
    )
    with csc.using(str(done.model)):
        found = [each for each in evidence(program, bench) if each.held_out]
        alone = evidence(program, replace(bench, held_out=tuple))
        seen = [program(history=each.history).strategy == each.strategy for each in bench.train]
    assert sorted(each.example.id for each in found) == sorted(each.id for each in bench.train)
    assert not any(each.held_out for each in alone)
    assert len(alone) == len(bench.dev)
    likeliest = [max(each.measured["strategy"].items(), key=lambda item: item[1])[0] for each in found]
    right = [name == each.example.strategy.id for name, each in zip(likeliest, found, strict=True)]
    # What was seen is known by heart, what was not is guessed.
    assert sum(seen) / len(seen) > 0.9
    assert sum(right) / len(right) < 0.7


def test_a_large_corpus_is_fitted_again_once() -> None:
    assert [fits(turns) for turns in (0, 1_000, 4_000, 9_000, 140_000)] == [5, 5, 5, 2, 1]


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
