"""Standard output and standard error: UTF-8 everywhere, and quiet when nobody reads any longer."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from csc_dspy.exceptions import OutputError


def prepare_streams() -> None:
    """Make both streams write UTF-8 whatever the locale; refuse to work with stdout closed."""
    if sys.stderr is None:
        # Python has None where the shell closed the stream; messages then have nowhere to go.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
    if sys.stdout is None:
        raise OutputError("standard output is closed", remedy="send it to a file or to /dev/null")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # An escape for half a surrogate pair is right in JSON and readable elsewhere; nothing can fail.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def answering() -> Iterator[None]:
    """Name standard output in the error if it cannot take what the block writes to it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where="standard output") from error


def say(line: str) -> None:
    """One line to stderr; if that cannot be written there is nobody left to tell."""
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")


def leave() -> None:
    """Write out what both streams hold, or drop it, so that Python's own flush at exit cannot complain."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except OSError:
                _drop(stream)


def _drop(stream: TextIO) -> None:
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def reader_is_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any longer, as after ``| head``."""
    if not hasattr(select, "poll"):
        return True
    watch = select.poll()
    watch.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in watch.poll(0))
