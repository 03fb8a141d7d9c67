"""A PostgreSQL server of the tests' own, in a folder and on a port of localhost that go with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

USER: Final = "sweeper"
PASSWORD: Final = "geheim{42}"
_ACCOUNT: Final = "postgres"
"""Where tests run as root, whom the server refuses to run as."""


def postgres() -> Path | None:
    """The folder of the newest server's programs, if one is installed."""
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).parent if found else (installed[-1].parent if installed else None)


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int

    def url(self, database: str = "postgres", password: str = PASSWORD) -> str:
        """What to give as ``--storage``."""
        from urllib.parse import quote

        return f"postgresql://{USER}:{quote(password)}@127.0.0.1:{self.port}/{database}"


@contextmanager
def serving(programs: Path) -> Iterator[Server]:
    """A server for the length of the block."""
    # The path of its socket has to be a short one.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, secret):
                shutil.chown(path, _ACCOUNT)
        data = str(folder / "data")
        login = ["--username", USER, "--pwfile", str(secret), "--auth", "scram-sha-256"]
        _run(
            programs / "initdb", "--pgdata", data, *login, "--encoding", "UTF8", "--no-sync", "--locale", "C"
        )
        port = _free_port()
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(folder / "log")
        _run(programs / "pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)
        try:
            yield Server(port)
        finally:
            _run(programs / "pg_ctl", "stop", "-m", "immediate", "-D", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: Path, *args: str) -> None:
    account = ["setpriv", f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--clear-groups"]
    command = [*(account if os.geteuid() == 0 else []), str(program), *args]
    # The server would hold on to a pipe of ours for as long as it runs.
    with tempfile.TemporaryFile("w+") as said:
        ended = subprocess.run(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
        )
        if ended.returncode:
            said.seek(0)
            raise RuntimeError(f"{program.name}: {said.read()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
