"""A Ray cluster of two nodes with one CPU each, on this machine alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

_START = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--node-ip-address=127.0.0.1"]
_SIZE = ["--num-cpus=1", f"--object-store-memory={80 * 2**20}"]
_ENVIRONMENT = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Otherwise Ray would keep a token in the home folder.
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "a token of the tests, thirty-two letters at least",
    "RAY_USAGE_STATS_ENABLED": "0",
}
# Ray reads them when it is imported, here as in the processes that are started.
os.environ.update(_ENVIRONMENT)
_PATIENCE = 60


@dataclass(frozen=True)
class Nodes:
    """The cluster."""

    address: str
    folder: Path
    """Where Ray keeps what it logs."""
    processes: list[subprocess.Popen[bytes]]

    def workers(self) -> list[int]:
        """The processes that play, on all nodes."""
        return [pid for pid, _, command in self.descendants() if command.startswith("ray::Worker")]

    def at_work(self) -> int:
        """On how many nodes somebody plays."""
        return len({parent for _, parent, command in self.descendants() if command.startswith("ray::Worker")})

    def kill_workers(self) -> list[int]:
        """Kill -9 everyone who plays."""
        killed = self.workers()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return killed

    def descendants(self) -> list[tuple[int, int, str]]:
        """Process, parent and command of everything that the nodes have started."""
        listing = subprocess.run(
            ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, check=True, encoding="utf-8"
        ).stdout
        rows = [line.split(maxsplit=2) for line in listing.splitlines()]
        known = {process.pid for process in self.processes}
        found: list[tuple[int, int, str]] = []
        while new := [row for row in rows if int(row[1]) in known and int(row[0]) not in known]:
            known.update(int(row[0]) for row in new)
            found += [(int(row[0]), int(row[1]), row[2]) for row in new if len(row) == 3]
        return found


@pytest.fixture(scope="session")
def nodes() -> Iterator[Nodes]:
    """Both nodes, until all tests are done."""
    # Ray's sockets have their names in there, which may not be long.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder, ExitStack() as stack:
        port = _free_port()
        found = Nodes(f"127.0.0.1:{port}", Path(folder), [])
        stack.callback(_stop, found)
        _begin(found, "--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}")
        _wait_for_port(port)
        _begin(found, f"--address={found.address}")
        yield found


def _begin(nodes: Nodes, *args: str) -> None:
    process = subprocess.Popen(
        [*_START, *_SIZE, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    nodes.processes.append(process)


def _stop(nodes: Nodes) -> None:
    everyone = [pid for pid, _, _ in nodes.descendants()]
    for process in nodes.processes:
        process.kill()
        process.wait()
    for pid in everyone:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for_port(port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    raise TimeoutError("the head of the cluster did not start")
