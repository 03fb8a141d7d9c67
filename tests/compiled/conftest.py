"""Compiled programs to load, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy import read
from csc_dspy.optimizers import compile  # noqa: A004  as users call it
from tests.support.optimizers import Draws


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with compiled programs in ``artifacts/``: two languages of one, one of another."""
    folder = tmp_path_factory.mktemp("project")
    for program, language in (("support-agent", "zh"), ("support-agent", "en"), ("stage-tracker", "en")):
        compile(
            program,
            train=[each for each in read("rolecs-sample") if each.spoken_language == language][:3],
            dev=[each for each in read("csconv-sample:dev") if each.spoken_language == language][:2],
            optimizer=Draws(candidates=1, size=6),
            out=folder / "artifacts" / program / language,
        )
    return folder
