"""What all tests share: nothing reaches the network, and the command line runs as a real process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

# The same examples for everyone, and none fails because a machine is slow. To look for new ones:
# pytest --hypothesis-profile=default
settings.load_profile("ci")

# The language model server, for every room.
pytest_plugins = ["tests.support.fixtures"]

ROOT = Path(__file__).resolve().parents[1]

# Sockets are guarded in this process only. Processes that tests start inherit these: the libraries stay
# offline by themselves, and whatever asks for a page anyway is sent to a port where nothing listens.
_NOWHERE = "http://127.0.0.1:9"
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "PIP_NO_INDEX": "1",
    "HTTP_PROXY": _NOWHERE,
    "HTTPS_PROXY": _NOWHERE,
    "http_proxy": _NOWHERE,
    "https_proxy": _NOWHERE,
    "NO_PROXY": "127.0.0.1,localhost,::1",
    "no_proxy": "127.0.0.1,localhost,::1",
}
_CACHES = tempfile.TemporaryDirectory(prefix="csc-dspy-tests-")


def pytest_configure() -> None:
    """Before any test module, and with it any library, is imported."""
    for name in [name for name in os.environ if name.startswith("CSC_DSPY_")]:
        del os.environ[name]
    # As wide as whoever runs tests side by side takes it for; tables are as wide as their content without it.
    os.environ.pop("COLUMNS", None)
    os.environ.update(_OFFLINE, HF_HOME=f"{_CACHES.name}/huggingface", DSPY_CACHEDIR=f"{_CACHES.name}/dspy")


def pytest_unconfigure() -> None:
    _CACHES.cleanup()


class CSC(Protocol):
    """Runs ``csc-dspy`` with arguments, in a fresh process and, unless told otherwise, an empty folder."""

    def __call__(
        self,
        *args: str | Path,
        input: str | None = None,  # noqa: A002 - the name that subprocess.run has
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def csc(tmp_path: Path) -> CSC:
    def run(
        *args: str | Path,
        input: str | None = None,  # noqa: A002 - the name that subprocess.run has
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "csc_dspy", *args],
            input=input,
            env={**os.environ, **(env or {})},
            cwd=cwd or tmp_path,
            timeout=timeout,
            check=False,
            capture_output=True,
            encoding="utf-8",
        )

    return run


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree."""
    return ROOT
