"""Progress of long work, on stderr: a bar in a terminal, now and then a line in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import click

from csc_dspy.cli.session import Session

_SECONDS_BETWEEN_LINES: Final = 10.0


class Advance(Protocol):
    """Tells that ``n`` more are done; ``fields`` are shown beside, as in ``advance(failed=3)``."""

    def __call__(self, n: int = 1, **fields: object) -> None:
        """May be called from any thread."""


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Advance]:
    """Show how far the work in the block has come; ``total`` is None where nobody knows.

    In a terminal a bar with percent, rate and the time left; elsewhere a note in the log every ten seconds
    and one at the end; with ``--quiet`` nothing.
    """
    ctx = click.get_current_context(silent=True)
    session = ctx.find_object(Session) if ctx else None
    if session is not None and session.quiet:
        yield _nothing
    elif sys.stderr.isatty():
        with _drawn(description, total) as advance:
            yield advance
    else:
        lines = ProgressLines(description, total)
        try:
            yield lines
        finally:
            lines.tell()


def _nothing(n: int = 1, **fields: object) -> None:
    """Advance without a word."""


@contextmanager
def _drawn(description: str, total: int | None) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    known = (TaskProgressColumn(), TimeRemainingColumn()) if total is not None else (TimeElapsedColumn(),)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        *known,
        TextColumn("{task.fields[rate]} {task.fields[note]}", markup=False),
    )
    # stdout stays what it is: an answer is not to end up above the bar on stderr.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as drawn:
        task = drawn.add_task(description, total=total, rate="", note="")
        begun = time.monotonic()
        lock = threading.Lock()
        done = 0

        def advance(n: int = 1, **fields: object) -> None:
            nonlocal done
            with lock:
                done += n
                drawn.update(
                    task, completed=done, rate=_rate(done, time.monotonic() - begun), note=_note(fields)
                )

        yield advance


class ProgressLines:
    """Progress as notes in the log, at most one in ten seconds."""

    def __init__(
        self, description: str, total: int | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._description = description
        self._total = total
        self._clock = clock
        self._begun = self._told = clock()
        self._done = 0
        self._fields: dict[str, object] = {}
        self._lock = threading.Lock()

    def __call__(self, n: int = 1, **fields: object) -> None:
        """Count, and tell if it is time to."""
        with self._lock:
            self._done += n
            self._fields.update(fields)
            if self._clock() - self._told < _SECONDS_BETWEEN_LINES:
                return
            self._told = self._clock()
        self.tell()

    def tell(self) -> None:
        """Note how far it is."""
        from csc_dspy.logs import logger

        logger.info("{}", self.line())

    def line(self) -> str:
        """How far it is: ``checking: 300 of 1200 (25 %), 10.0/s, 90 s left, failed 2``."""
        seconds = self._clock() - self._begun
        parts = [str(self._done), _rate(self._done, seconds)]
        if self._total:
            parts[0] = f"{self._done} of {self._total} ({self._done / self._total:.0%})"
            if 0 < self._done < self._total:
                parts.append(f"{seconds * (self._total - self._done) / self._done:.0f} s left")
        parts.append(_note(self._fields))
        return f"{self._description}: {', '.join(part for part in parts if part)}"


def _rate(done: int, seconds: float) -> str:
    return f"{done / seconds:.1f}/s" if done and seconds > 0 else ""


def _note(fields: dict[str, object]) -> str:
    return " ".join(f"{name} {value}" for name, value in fields.items())
