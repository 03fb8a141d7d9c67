"""The extra ``neural``, which may not be there."""

from __future__ import annotations

from typing import Final

from csc_dspy.huggingface.libraries import ANSWERING, missing, remedy_for, require

_EXTRA: Final = "neural"
REMEDY: Final = remedy_for(_EXTRA)


def available() -> str | None:
    """Why neural metrics cannot be had on this machine; None if they can."""
    return missing(ANSWERING)


def require_extra(metric: str) -> None:
    """ConfigError unless the extra is installed."""
    require(ANSWERING, metric, _EXTRA)
