"""From raw transcripts to conversations: reading, rules, redaction, rewriting, labels; each by itself too."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "Broken",
    "Build",
    "Columns",
    "Construction",
    "Difference",
    "Dropped",
    "Figure",
    "Figures",
    "Finish",
    "Outcome",
    "Redacted",
    "Redaction",
    "Rules",
    "Step",
    "Transcript",
    "annotate",
    "apply_finish",
    "apply_rules",
    "compare_figures",
    "figures",
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
    "Construction": "constructing",
    "Difference": "preserving",
    "Dropped": "_base",
    "Figure": "figure",
    "Figures": "figure",
    "Finish": "finishing",
    "Outcome": "pipeline",
    "Redacted": ".redaction",
    "Redaction": ".redaction",
    "Rules": "rules",
    "Step": "_base",
    "Transcript": "_base",
    "annotate": "annotating",
    "apply_finish": "finishing",
    "apply_rules": "rules",
    "compare_figures": "preserving",
    "figures": "quantities",
    "merge_turns": "merging",
    "personal_data": ".redaction",
    "read_transcripts": "reading",
    "redact": ".redaction",
    "restore": ".redaction",
    "rewrite": "building",
}

if TYPE_CHECKING:
    from csc_dspy.redaction import Redacted, Redaction, personal_data, redact, restore
    from csc_dspy.rewriting._base import Dropped, Step, Transcript
    from csc_dspy.rewriting.annotating import annotate
    from csc_dspy.rewriting.building import Build, rewrite
    from csc_dspy.rewriting.constructing import Construction
    from csc_dspy.rewriting.figure import Figure, Figures
    from csc_dspy.rewriting.finishing import Finish, apply_finish
    from csc_dspy.rewriting.merging import merge_turns
    from csc_dspy.rewriting.pipeline import Outcome
    from csc_dspy.rewriting.preserving import Difference, compare_figures
    from csc_dspy.rewriting.quantities import figures
    from csc_dspy.rewriting.reading import Columns, read_transcripts
    from csc_dspy.rewriting.rules import Broken, Rules, apply_rules
else:
    # Out of sight of type checkers, for which it would make every misspelled name a valid one.
    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
