"""Trials at the same time: every one has its own language model, and no answer goes to another."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest

from csc_dspy.optimizers.sweep import open_storage, open_study, work
from csc_dspy.optimizers.sweep.asking import course
from csc_dspy.optimizers.sweep.settings import Settings
from tests.optimizers.sweep.small import data, written
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer

LABELS = {"one": "Greeting", "two": "Information Delivery", "three": "Others"}
TEXT = """
trials = 12
pruning = 0
[space]
program = "strategy-predictor"
lm = { values = ["openai/one", "openai/two", "openai/three"] }
[space.shown]
definitions = { values = [true, false] }
distinctions = { values = [true, false] }
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def opinionated(server: LLMServer) -> LLMServer:
    """Each model always says the same."""
    server.usually(
        Behaviour(
            reply=lambda asked: f"[[ ## strategy ## ]]\n{LABELS[asked['model']]}\n\n[[ ## completed ## ]]",
            latency=0.002,
        )
    )
    return server


def settings(folder: Path, server: LLMServer) -> Settings:
    return written(folder, TEXT, lm_options={"api_base": server.url}, **data(train=2, dev=2))


def expected(given: Settings) -> dict[str, float]:
    """The accuracy of each model."""
    gold = Counter(
        turn.example.turn.strategy.name["en"] for turn in course(given).turns if turn.example.turn.strategy
    )
    return {f"openai/{name}": 100 * gold[label] / gold.total() for name, label in LABELS.items()}


def require_uncrossed(study: optuna.Study, given: Settings) -> None:
    right = expected(given)
    assert len(set(right.values())) == 3
    done = [each for each in study.get_trials(deepcopy=False) if each.state.name == "COMPLETE"]
    assert len(done) == given.trials
    assert len({each.params["lm"] for each in done}) > 1
    for each in done:
        assert each.values == [pytest.approx(right[each.params["lm"]])]


def test_threads(tmp_path: Path, llm_server: LLMServer) -> None:
    given = settings(tmp_path, opinionated(llm_server))
    storage = open_storage(None, tmp_path)
    assert given.data

    def worker(number: int) -> None:
        work(given, open_study(given, storage), folder=tmp_path, worker=number, concurrency=4)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(worker, range(4)))
    require_uncrossed(open_study(given, storage), given)


def start(folder: Path, server: LLMServer, number: int) -> subprocess.Popen[bytes]:
    """A worker that is a process of its own."""
    script = f"""
        from pathlib import Path
        from csc_dspy.optimizers.sweep import open_storage, open_study, read_settings, work
        from tests.optimizers.sweep.small import data
        folder = Path({str(folder)!r})
        given = read_settings(
            folder / "SWEEP.toml", lm_options={{"api_base": {server.url!r}}}, **data(train=2, dev=2)
        )
        study = open_study(given, open_storage(None, folder))
        work(given, study, folder=folder, worker={number}, concurrency=4)
    """
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)], env={**os.environ}
    )


def test_processes(tmp_path: Path, llm_server: LLMServer) -> None:
    given = settings(tmp_path, opinionated(llm_server))
    study = open_study(given, open_storage(None, tmp_path))
    workers = [start(tmp_path, llm_server, number) for number in range(2)]
    assert [each.wait(120) for each in workers] == [0, 0]
    require_uncrossed(study, given)
