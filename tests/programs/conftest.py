"""What the tests of programs share: a language model server, and nothing kept from one test to the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dspy
import pytest

from tests.support.fixtures import llm_server
from tests.support.openai_server import LLMServer
from tests.support.programs import impatient

__all__ = ["llm_server"]


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))


@pytest.fixture
def lm(llm_server: LLMServer) -> Iterator[dspy.LM]:
    """A language model at the server, in force."""
    with impatient(llm_server) as lm:
        yield lm
