"""What the tests of language models share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_SETTINGS = ("_API_KEY", "_API_BASE", "_BASE_URL")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty CSC_DSPY_HOME, and no keys or addresses in the environment."""
    for name in [name for name in os.environ if name.endswith(_SETTINGS)]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("CSC_DSPY_HOME", str(folder))
    return folder
