"""Tiny models with random weights, made once a run, and a place for scores of each test's own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the scores of this test are kept."""
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers."""
    from tests.metrics.neural.tiny_models import save_bert

    return save_bert(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT that gives one number for a pair of texts."""
    from tests.metrics.neural.tiny_models import save_bert

    return save_bert(tmp_path_factory.mktemp("judge"), outputs=1)
