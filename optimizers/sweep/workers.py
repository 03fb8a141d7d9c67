"""Several workers of a study on this machine, each its own process; none goes on without its employer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from csc_dspy.exceptions import ConfigError

_ENDS: Final = 15.0
"""Seconds for a worker to put its work in order after an interrupt."""
_LOOKS: Final = 0.1
"""Seconds between two looks at who is still working."""
_UNTOLD: Final = "ended without a word"


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker that is done, one way or another."""

    number: int
    code: int
    """The exit code of the process; of a killed one the number of the signal, negative."""
    said: str
    """The last line on its stderr."""

    @property
    def died(self) -> bool:
        """Whether it was killed, so that it could not put its work in order."""
        return self.code < 0


@dataclass(frozen=True, slots=True)
class Hired:
    """Who a worker works for, and which of its workers it is; written ``PID,NUMBER``."""

    employer: int
    number: int

    @classmethod
    def of(cls, text: str) -> Hired:
        """What ``str`` wrote."""
        employer, comma, number = text.partition(",")
        if not (comma and employer.isdecimal() and number.isdecimal()):
            raise ConfigError(f"{text!r} is not PID,NUMBER", where="--hired")
        return cls(int(employer), int(number))

    def __str__(self) -> str:
        return f"{self.employer},{self.number}"

    @property
    def alone(self) -> bool:
        """Whether the employer is gone, killed perhaps, so that nobody waits for this worker any longer."""
        return os.getppid() != self.employer


def employ(
    command: Callable[[Hired], Sequence[str]],
    count: int,
    *,
    logs: Path,
    told: Callable[[], None] = lambda: None,
    every: float = 1.0,
) -> list[Ended]:
    """Run ``count`` workers until all have ended; what they say goes to a file each in ``logs``.

    ``told`` is called with ``every`` seconds between, and at the end. None is started again: one that died
    leaves its trial to the others. An exception, Ctrl-C too, ends them all, and they put their work in order
    first.
    """
    with _crew(command, count, logs) as crew:
        told_last = time.monotonic()
        while any(process.poll() is None for process in crew):
            time.sleep(_LOOKS)
            if time.monotonic() - told_last >= every:
                told()
                told_last = time.monotonic()
    told()
    return [
        Ended(number, process.returncode, _last_line(_log(logs, number)))
        for number, process in enumerate(crew)
    ]


def _log(logs: Path, number: int) -> Path:
    return logs / f"worker-{number}.log"


@contextmanager
def _crew(
    command: Callable[[Hired], Sequence[str]], count: int, logs: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    logs.mkdir(parents=True, exist_ok=True)
    crew: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(count):
            with _log(logs, number).open("wb") as log:
                crew.append(_start(command(Hired(os.getpid(), number)), log.fileno()))
        yield crew
    finally:
        _dismiss(crew)


def _start(command: Sequence[str], log: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own command line
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log,
        # Ctrl-C in the terminal is for the employer, which tells its workers.
        start_new_session=True,
    )


def _dismiss(crew: Sequence[subprocess.Popen[bytes]]) -> None:
    working = [process for process in crew if process.poll() is None]
    for process in working:
        process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _ENDS
    for process in working:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(deadline - time.monotonic(), 0))
        process.kill()
        process.wait()


def _last_line(path: Path) -> str:
    lines = path.read_text("utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), _UNTOLD)
