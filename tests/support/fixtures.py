"""Fixtures for every test that talks to a language model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.openai_server import LLMServer, running


@pytest.fixture
def llm_server() -> Iterator[LLMServer]:
    """A healthy chat-completions server on 127.0.0.1, which the test may script."""
    with running(LLMServer()) as server:
        yield server
