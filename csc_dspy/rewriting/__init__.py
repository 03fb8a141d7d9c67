"""From raw transcripts to conversations: reading, merging, rules, redaction, labels; each by itself too."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "Broken",
    "Build",
    "Columns",
    "Dropped",
    "Outcome",
    "Redacted",
    "Redaction",
    "Rules",
    "Step",
    "Transcript",
    "annotate",
    "apply_rules",
    "merge_turns",
    "personal_data",
    "read_transcripts",
    "redact",
    "restore",
    "rewrite",
]

_HOMES = {
    "Broken": "rules",
    "Build": "building",
    "Columns": "reading",
    "Dropped": "_base",
    "Outcome": "pipeline",
    "Redacted": "redaction",
    "Redaction": "redaction",
    "Rules": "rules",
    "Step": "_base",
    "Transcript": "_base",
    "annotate": "annotating",
    "apply_rules": "rules",
    "merge_turns": "merging",
    "personal_data": "redaction",
    "read_transcripts": "reading",
    "redact": "redaction",
    "restore": "redaction",
    "rewrite": "building",
}

if TYPE_CHECKING:
    from csc_dspy.rewriting._base import Dropped, Step, Transcript
    from csc_dspy.rewriting.annotating import annotate
    from csc_dspy.rewriting.building import Build, rewrite
    from csc_dspy.rewriting.merging import merge_turns
    from csc_dspy.rewriting.pipeline import Outcome
    from csc_dspy.rewriting.reading import Columns, read_transcripts
    from csc_dspy.rewriting.redaction import Redacted, Redaction, personal_data, redact, restore
    from csc_dspy.rewriting.rules import Broken, Rules, apply_rules
else:
    # Out of sight of type checkers, for which it would make every misspelled name a valid one.
    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
