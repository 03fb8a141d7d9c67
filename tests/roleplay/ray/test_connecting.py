"""What a cluster cannot be used for is said in one line."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="needs the extra ray")

from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay.spreading import Cluster, crew
from csc_dspy.roleplay.spreading.connecting import connected
from tests.roleplay.ray import spreading_play as play
from tests.roleplay.ray.conftest import Nodes
from tests.support.openai_server import LLMServer


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'csc-dspy\[ray\]'"), connected(Cluster()):
        pass


def test_where_nobody_listens_there_is_no_cluster() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with (
        pytest.raises(ConfigError, match="no Ray cluster answers"),
        connected(Cluster(address=f"127.0.0.1:{port}")),
    ):
        pass


def test_workers_of_another_version_are_refused(
    llm_server: LLMServer, nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "__version__", "0.0.1")
    with (
        play.journal(tmp_path / "journal") as journal,
        play.there(
            play.troupe(llm_server.url), journal, Cluster(address=nodes.address, workers=1)
        ) as settler,
        pytest.raises(ConfigError, match=r"a worker has csc-dspy .*, and this is 0\.0\.1"),
    ):
        play.rows(settler, play.tasks(2))


def test_signals_mean_what_they_meant_before(nodes: Nodes) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with connected(Cluster(address=nodes.address)):
        assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_connection_that_is_there_is_used_and_stays(nodes: Nodes) -> None:
    with connected(Cluster(address=nodes.address)) as ray:
        with connected(Cluster()) as again:
            assert again is ray
        assert ray.is_initialized()
    assert not ray.is_initialized()


def test_the_address_is_that_of_the_environment_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert Cluster().found == "local"
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert Cluster().found == "10.0.0.1:6379"
    assert Cluster(address="auto").found == "auto"


@pytest.mark.parametrize(
    ("concurrency", "nodes", "processors", "size"),
    [(32, 1, 2, 1), (128, 1, 8, 2), (32, 4, 16, 4), (1000, 2, 8, 8), (1, 0, 0, 1)],
)
def test_there_are_as_many_workers_as_dialogues_need(
    concurrency: int, nodes: int, processors: int, size: int
) -> None:
    assert Cluster().size(concurrency, nodes, processors) == size
    assert Cluster(workers=3).size(concurrency, nodes, processors) == 3


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Cluster(workers=0), "workers: at least 1"),
        (lambda: Cluster(dialogues=-1), "dialogues: at least 1"),
        (lambda: Cluster(address="ray://127.0.0.1:10001"), "Ray's client"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Cluster], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()


def test_the_room_is_imported_without_ray() -> None:
    code = "import sys, csc_dspy.roleplay.spreading; sys.exit('ray' in sys.modules or 'dspy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
