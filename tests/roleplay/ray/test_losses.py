"""Workers and drivers are killed, and the corpus is the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="needs the extra ray")

from csc_dspy.roleplay.spreading import Cluster
from tests.roleplay.playing_pupil import PlayingPupil
from tests.roleplay.ray import spreading_play as play
from tests.roleplay.ray.conftest import Nodes
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer

# What one dialogue may have to ask again: the turn under way, and one of which the driver had not heard yet.
# A turn is three calls, when the strategy is asked for again.
_CALLS_LOST = 2 * 3


@pytest.fixture
def cluster(nodes: Nodes) -> Cluster:
    return Cluster(address=nodes.address, workers=2, dialogues=4)


@pytest.fixture
def expected(llm_server: LLMServer, tmp_path: Path) -> list[dict[str, Any]]:
    """The corpus of an undisturbed play."""
    llm_server.usually(PlayingPupil().behaviour(latency=0.03))
    with (
        play.journal(tmp_path / "expected") as journal,
        play.here(play.troupe(llm_server.url), journal) as settler,
    ):
        return play.rows(settler, play.tasks(8))


def test_dialogues_of_a_killed_worker_go_on_elsewhere(
    llm_server: LLMServer, nodes: Nodes, cluster: Cluster, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    asked = len(llm_server.requests)
    killed: list[int] = []

    def kill() -> None:
        wait_for(lambda: len(llm_server.requests) > asked + 60)
        killed.extend(nodes.kill_workers()[:1])

    killer = threading.Thread(target=kill)
    killer.start()
    with (
        play.journal(tmp_path / "journal") as journal,
        play.there(play.troupe(llm_server.url), journal, cluster) as settler,
    ):
        found = play.rows(settler, play.tasks(8))
    killer.join()
    assert killed
    assert found == expected
    assert len(llm_server.requests) - asked <= asked + 8 * _CALLS_LOST


def test_a_dialogue_whose_workers_are_lost_every_time_fails(
    llm_server: LLMServer, nodes: Nodes, tmp_path: Path
) -> None:
    def deadly() -> Behaviour:
        nodes.kill_workers()
        return Behaviour(hang=True)

    llm_server.usually(deadly)
    with (
        play.journal(tmp_path / "journal") as journal,
        play.there(
            play.troupe(llm_server.url), journal, Cluster(address=nodes.address, workers=1)
        ) as settler,
    ):
        (row,) = play.rows(settler, play.tasks(1))
        assert len(journal) == 0
    assert row == {"failed": "worker_lost", "detail": "3 workers that played it were lost", "calls": 0}


def test_a_killed_driver_is_resumed(
    llm_server: LLMServer, nodes: Nodes, cluster: Cluster, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    asked = len(llm_server.requests)
    driver = begin(nodes.address, llm_server.url, tmp_path / "journal")
    wait_for(lambda: len(llm_server.requests) > asked + 60)
    driver.kill()
    driver.communicate()
    wait_for(lambda: not nodes.workers())
    with (
        play.journal(tmp_path / "journal", resume=True) as journal,
        play.there(play.troupe(llm_server.url), journal, cluster) as settler,
    ):
        assert len(journal)
        found = play.rows(settler, play.tasks(8))
    assert found == expected
    assert len(llm_server.requests) - asked <= asked + 8 * _CALLS_LOST


def test_a_cluster_of_its_own_is_quiet_and_gone_in_the_end(
    llm_server: LLMServer, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    # Where Ray keeps what it needs, which may not have a long name; it shows in every process's arguments.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        driver = begin("local", llm_server.url, tmp_path / "journal", RAY_TMPDIR=folder)
        out, err = driver.communicate(timeout=100)
        wait_for(lambda: folder not in processes())
    assert json.loads(out) == expected
    assert err == ""


def begin(address: str, url: str, journal: Path, **variables: str) -> subprocess.Popen[str]:
    """Play eight dialogues in a driver of its own, which prints what became of them."""
    return subprocess.Popen(
        [sys.executable, play.__file__, address, url, str(journal)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def processes() -> str:
    """Everything that runs, with its arguments."""
    return subprocess.run(["ps", "-eo", "args="], capture_output=True, check=True, text=True).stdout


def wait_for(condition: Callable[[], bool]) -> None:
    """Until a condition holds."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
