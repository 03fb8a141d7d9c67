"""What the tests of language models share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.openai_server import LLMServer, running

_SETTINGS = ("_API_KEY", "_API_BASE", "_BASE_URL")


@pytest.fixture
def llm_server() -> Iterator[LLMServer]:
    """A healthy chat-completions server on 127.0.0.1, which the test may script."""
    with running(LLMServer()) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty CSC_DSPY_HOME, and no keys or addresses in the environment."""
    for name in [name for name in os.environ if name.endswith(_SETTINGS)]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("CSC_DSPY_HOME", str(folder))
    return folder
