"""The compiled programs in ``artifacts/`` are what compiling gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.compiled import open_artifact
from csc_dspy.compiled.finding import packaged_folder
from csc_dspy.optimizers import compile_packaged, packaged_programs

_MOST_BYTES = 500_000
_MOST_BYTES_OF_ALL = 4_000_000


def contents(folder: Path) -> dict[str, Any]:
    """The bytes of all files, and the manifest without what two compilations may differ in."""
    files: dict[str, Any] = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    manifest = json.loads(files["manifest.json"])
    del manifest["run"]
    return {**files, "manifest.json": manifest}


@pytest.fixture(scope="module")
def folder(checkout: Path) -> Path:
    found = packaged_folder()
    assert found is not None
    assert found.resolve() == checkout / "artifacts"
    return found


def test_one_of_them_is_made_again(folder: Path, tmp_path: Path) -> None:
    compile_packaged("stage-tracker", "zh", tmp_path)
    assert contents(tmp_path / "stage-tracker" / "zh") == contents(folder / "stage-tracker" / "zh")


def test_all_are_there_and_small(folder: Path) -> None:
    sizes = {}
    for program, language in packaged_programs():
        artifact = open_artifact(folder / program / language)
        assert (artifact.program_name, artifact.language, artifact.lm) == (program, language, "embedded")
        assert not artifact.partial
        assert artifact.program().compiled_for == "embedded"
        # They were judged by dev dialogues, and are better than before beyond chance.
        assert artifact.manifest["data"]["dev"]["source"] == "csconv-sample:dev"
        scores = artifact.scores()
        assert scores is not None
        assert scores["difference"]["verdict"] == "better"
        files = [path for path in artifact.folder.rglob("*") if path.is_file()]
        assert {path.relative_to(artifact.folder).as_posix() for path in files} == {
            *artifact.manifest["files"],
            "manifest.json",
        }
        sizes[program, language] = sum(path.stat().st_size for path in files)
    assert max(sizes.values()) < _MOST_BYTES
    assert sum(sizes.values()) < _MOST_BYTES_OF_ALL
    there = {tuple(path.parent.relative_to(folder).parts) for path in folder.glob("*/*/manifest.json")}
    assert there == set(sizes)
