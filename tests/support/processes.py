"""Processes that tests interrupt."""

from __future__ import annotations

import os


def unmeasured() -> dict[str, str]:
    """The environment for a process that is to be interrupted, in which coverage is not measured.

    A signal that comes while coverage holds its lock would leave the process waiting for that lock for ever.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
