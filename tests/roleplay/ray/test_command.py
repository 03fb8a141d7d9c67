"""``csc-dspy roleplay --engine ray``: the same folder, whoever has played, and whoever goes on."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import CSC
from tests.roleplay.playing_pupil import PlayingPupil
from tests.roleplay.ray.conftest import Nodes
from tests.support.openai_server import LLMServer, running

pytest.importorskip("ray", reason="needs the extra ray")

KEY = {"OPENAI_API_KEY": "sk-test"}


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with running(LLMServer()) as server:
        server.usually(PlayingPupil(leaves_after=10).behaviour())
        yield server


@pytest.fixture
def asked(server: LLMServer) -> tuple[str, ...]:
    at = ("--lm", "openai/test", "--api-base", server.url, "--no-cache", "--json")
    return ("roleplay", "--count", "8", "--fast", *at)


def on(nodes: Nodes) -> tuple[str, ...]:
    return ("--engine", "ray", "--ray-address", nodes.address, "--ray-workers", "2")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_folder_is_the_same(csc: CSC, nodes: Nodes, asked: tuple[str, ...], tmp_path: Path) -> None:
    here = csc(*asked, "--out", "here", env=KEY)
    there = csc(*asked, "--out", "there", "--quiet", *on(nodes), env=KEY)
    assert (there.returncode, there.stderr) == (0, "")
    told = json.loads(there.stdout)
    assert (told["made"], told["failed"]) == (8, 0)
    assert {**told, "seconds": 0, "out": ""} == {**json.loads(here.stdout), "seconds": 0, "out": ""}
    assert files(tmp_path / "there") == files(tmp_path / "here")


def test_a_killed_run_goes_on_without_ray(
    csc: CSC,
    begin: Callable[..., subprocess.Popen[str]],
    nodes: Nodes,
    asked: tuple[str, ...],
    server: LLMServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY["OPENAI_API_KEY"])
    csc(*asked, "--out", "undisturbed", env=KEY)
    needed = len(server.requests)
    killed = begin(*asked, "--out", "out", *on(nodes), "--concurrency", "2")
    journal = tmp_path / ".out.journal"
    while not journal.exists() or journal.read_bytes().count(b"\n") < 12:
        assert killed.poll() is None
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    before = len(server.requests)
    done = csc(*asked, "--out", "out", "--resume", env=KEY)
    assert done.returncode == 0
    assert len(server.requests) - before < needed
    assert files(tmp_path / "out") == files(tmp_path / "undisturbed")
