"""What the exit code of every command means."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """A command returns one of these; returning nothing is `DONE`."""

    DONE = 0
    CHECK_FAILED = 1
    WRONG_INPUT = 2
    FAILURES_RECORDED = 3
    INTERNAL_ERROR = 70
    INTERRUPTED = 130
