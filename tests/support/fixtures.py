"""Fixtures for every test that talks to a language model, or looks at a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import Page, browsing, chromium
from tests.support.openai_server import LLMServer, running


@pytest.fixture
def llm_server() -> Iterator[LLMServer]:
    """A healthy chat-completions server on 127.0.0.1, which the test may script."""
    with running(LLMServer()) as server:
        yield server


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Page]:
    """An empty page of a headless browser."""
    command = chromium()
    if command is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with browsing(command, tmp_path / "browser") as page:
        yield page
