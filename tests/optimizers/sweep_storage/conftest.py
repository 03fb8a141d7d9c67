"""Storages of every kind, and workers as real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest

from csc_dspy.optimizers.sweep.storage import open_storage
from tests.support.postgres import Server, postgres, serving

WORKER = Path(__file__).with_name("worker.py")
DEAD_AFTER = 2
STUDY = "trying"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    programs = postgres()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    with serving(programs) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql", "journal"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A storage of each kind."""
    match request.param:
        case "sqlite":
            yield f"sqlite:///{tmp_path / 'study.db'}"
        case "journal":
            yield f"journal:{tmp_path / 'study.log'}"
        case _:
            yield request.getfixturevalue("server").url()


@pytest.fixture
def study(url: str, tmp_path: Path) -> Iterator[optuna.Study]:
    """A new study there."""
    storage = open_storage(url, tmp_path, dead_after=DEAD_AFTER)
    made = optuna.create_study(storage=storage, study_name=STUDY, direction="maximize")
    yield made
    # The server is that of all tests.
    optuna.delete_study(study_name=STUDY, storage=storage)


@pytest.fixture
def start(url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a worker; what is still running in the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", str(WORKER), url, STUDY, str(DEAD_AFTER), *args]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=tmp_path
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
