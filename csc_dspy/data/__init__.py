"""Conversations from files, folders, the packaged samples and the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csc_dspy.data.converting import Converted, convert
    from csc_dspy.data.history_rows import HistoryRow, histories
    from csc_dspy.data.inspection import CheckReport, check
    from csc_dspy.data.problems import Problem
    from csc_dspy.data.reading import Corpus, read
    from csc_dspy.data.splitting import split
    from csc_dspy.data.statistics import stats

__all__ = [
    "CheckReport",
    "Converted",
    "Corpus",
    "HistoryRow",
    "Problem",
    "check",
    "convert",
    "histories",
    "read",
    "split",
    "stats",
]

_HOMES = {
    "CheckReport": "inspection",
    "Converted": "converting",
    "Corpus": "reading",
    "HistoryRow": "history_rows",
    "Problem": "problems",
    "check": "inspection",
    "convert": "converting",
    "histories": "history_rows",
    "read": "reading",
    "split": "splitting",
    "stats": "statistics",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
