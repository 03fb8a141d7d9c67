"""A saved program comes back as it was, or is refused with the reason."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from csc_dspy import read
from csc_dspy.compiled import load, save
from csc_dspy.exceptions import ArtifactError
from csc_dspy.programs import PROGRAMS, Fusion, Options, StrategyPredictor, TransitionPrior, create
from csc_dspy.signatures import Shown
from csc_dspy.taxonomy import load_taxonomy

OPTIONS = Options(
    language="zh",
    shown=Shown(stage=True, distinctions=False),
    reasoning=True,
    history_tokens=900,
    unlabelled="unknown",
)
DEMO = {"conversation": "客户：喂？", "strategy": "礼貌问候", "stage": "欢迎和建立联系"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    program = StrategyPredictor()
    program.predict.demos = [{"conversation": "Customer: hi", "strategy": "Greeting"}]
    return save(program, tmp_path / "artifact")


def change(path: Path, **fields: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}), encoding="utf-8")


def rehash(folder: Path) -> None:
    digest = hashlib.sha256((folder / "program.json").read_bytes()).hexdigest()
    change(folder / "manifest.json", files={"program.json": digest})


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("taxonomy", ["copc", "esconv"])
def test_every_program_comes_back_as_it_was(name: str, taxonomy: str, tmp_path: Path) -> None:
    for options in (Options(taxonomy=load_taxonomy(taxonomy)), OPTIONS):
        program = create(name, options)
        for _, predictor in program.named_predictors():
            predictor.demos = [DEMO]
            predictor.signature = predictor.signature.with_instructions("改写过的说明")
        again = load(save(program, tmp_path / "artifact"))
        assert type(again) is type(program)
        assert again.options == program.options
        assert again.dump_state() == program.dump_state()


def test_the_transition_prior_is_saved_with_it(tmp_path: Path) -> None:
    program = StrategyPredictor()
    program.fusion = Fusion(TransitionPrior.fit(read("rolecs-sample"), load_taxonomy()), 0.5)
    again = load(save(program, tmp_path))
    assert isinstance(again, StrategyPredictor)
    assert (again.fusion.prior, again.fusion.weight) == (program.fusion.prior, 0.5)


def test_equal_programs_give_equal_bytes(tmp_path: Path) -> None:
    one, two = (
        save(StrategyPredictor(OPTIONS), tmp_path / "1"),
        save(StrategyPredictor(OPTIONS), tmp_path / "2"),
    )
    assert sorted(path.name for path in one.iterdir()) == ["manifest.json", "program.json"]
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes()


def test_the_file_names_the_artifact_too(folder: Path) -> None:
    assert load(folder / "program.json").dump_state() == load(folder).dump_state()


def test_a_changed_file_is_refused(folder: Path) -> None:
    with (folder / "program.json").open("a") as stream:
        stream.write(" ")
    with pytest.raises(ArtifactError, match=r"program\.json: is not what was saved"):
        load(folder)


def test_another_taxonomy_is_refused(folder: Path) -> None:
    with pytest.raises(ArtifactError, match="was compiled for the taxonomy 'copc'"):
        load(folder, taxonomy=load_taxonomy("esconv"))
    change(folder / "manifest.json", taxonomy={"id": "copc", "fingerprint": "0"})
    with pytest.raises(ArtifactError, match="another version of the taxonomy 'copc'"):
        load(folder)
    change(folder / "manifest.json", taxonomy={"id": "ours", "fingerprint": "0"})
    with pytest.raises(ArtifactError, match=r"'ours' \(give it with --taxonomy\)"):
        load(folder)


def test_other_signatures_are_refused(folder: Path) -> None:
    change(folder / "manifest.json", signatures={"predict": "0", "gone": "1"})
    with pytest.raises(
        ArtifactError, match="other signatures: there is no gone any more; predict: its signature is not told"
    ):
        load(folder)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"format": 9}, "has format 9"),
        ({"program": "poet"}, "is for 'poet'"),
        ({"files": {"../x": "0"}}, "outside"),
    ],
)
def test_foreign_manifests_are_refused(folder: Path, fields: dict[str, Any], problem: str) -> None:
    change(folder / "manifest.json", **fields)
    with pytest.raises(ArtifactError, match=problem):
        load(folder)


def test_a_language_model_in_it_is_refused(folder: Path) -> None:
    state = json.loads((folder / "program.json").read_text())
    state["state"]["predict"]["lm"] = {"model": "x", "engine": {"class": "os:system", "state": {}}}
    (folder / "program.json").write_text(json.dumps(state))
    rehash(folder)
    with pytest.raises(ArtifactError, match="brings a language model of its own"):
        load(folder)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"predict": 3}',
        '{"lines": [], "state": {"predict": 3}}',
        '{"lines": [], "state": {"other": {}}}',
        '{"lines": ["a"], "state": {"predict": {"demos": [{"conversation": {"lines": "0:2"}}]}}}',
    ],
)
def test_what_does_not_fit_is_one_clear_error(folder: Path, content: str) -> None:
    (folder / "program.json").write_text(content)
    rehash(folder)
    with pytest.raises(ArtifactError) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"manifest\.json: cannot be read: No such file"):
        load(tmp_path / "nothing")
