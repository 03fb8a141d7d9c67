"""Fixtures for every test that talks to a language model, starts a command, or looks at a page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.browser import Page, browsing, chromium
from tests.support.openai_server import LLMServer, running
from tests.support.processes import unmeasured


@pytest.fixture
def llm_server() -> Iterator[LLMServer]:
    """A healthy chat-completions server on 127.0.0.1, which the test may script."""
    with running(LLMServer()) as server:
        yield server


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``csc-dspy`` with arguments in the test's folder; what is still running in the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*args: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "csc_dspy", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=tmp_path,
            env=unmeasured(),
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Page]:
    """An empty page of a headless browser."""
    command = chromium()
    if command is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with browsing(command, tmp_path / "browser") as page:
        yield page
