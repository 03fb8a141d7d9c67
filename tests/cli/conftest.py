"""The trial program: as a process, in a terminal, and as far as its parameters only."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO

import click
import pytest

from csc_dspy.cli.running import PROGRAM
from csc_dspy.cli.session import Session

TRIAL = Path(__file__).with_name("trial_commands.py")
Trial = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def trial() -> Trial:
    """Runs the trial program in a fresh process."""

    def run(*args: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, TRIAL, *args],
            env={**os.environ, **(env or {})},
            encoding="utf-8",
            capture_output=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def in_terminal() -> Trial:
    """Like `trial`, with its streams on a terminal; stdout has what the terminal got.

    ``answer`` is a file to send the program's standard output to.
    """

    def run(
        *args: str, env: Mapping[str, str] | None = None, answer: IO[bytes] | None = None
    ) -> subprocess.CompletedProcess[str]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, TRIAL, *args],
            env={**os.environ, "TERM": "xterm-256color", **(env or {})},
            stdin=theirs,
            stdout=answer or theirs,
            stderr=theirs,
        )
        os.close(theirs)
        shown = b""
        # The end of the other side reads as an input error on Linux and as nothing elsewhere.
        with suppress(OSError):
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        code = process.wait(timeout=60)
        return subprocess.CompletedProcess(args, code, shown.decode().replace("\r\n", "\n"))

    return run


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, object]]:
    """The values that a command of the trial program would get, by name."""
    monkeypatch.syspath_prepend(str(TRIAL.parent))

    def parse(*args: str) -> dict[str, object]:
        session = Session()
        ctx = import_module("trial_commands").app.make_context(PROGRAM, list(args), obj=session)
        while isinstance(ctx.command, click.Group):
            words = [*ctx._protected_args, *ctx.args]  # noqa: SLF001 - click has no public name for it
            name, command, rest = ctx.command.resolve_command(ctx, words)
            assert command is not None
            ctx = command.make_context(name, rest, parent=ctx)
        return {**ctx.params, "verbosity": session.verbosity, "log_content": session.log_content}

    return parse
