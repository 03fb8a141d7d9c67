"""Looking for wrong labels in a corpus, putting them right, and measuring how far annotators agree.

A name loads its part of the room when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "Audit",
    "Cleaned",
    "Decision",
    "LabelAgreement",
    "Suspect",
    "agreement_of",
    "audit",
    "clean",
    "read_decisions",
    "write_sheet",
]

_HOMES = {
    "Audit": "result",
    "Cleaned": "cleaning",
    "Decision": "decisions",
    "LabelAgreement": "agreeing",
    "Suspect": "suspects",
    "agreement_of": "agreeing",
    "audit": "examining",
    "clean": "cleaning",
    "read_decisions": "decisions",
    "write_sheet": "sheet",
}

if TYPE_CHECKING:
    from csc_dspy.auditing.agreeing import LabelAgreement, agreement_of
    from csc_dspy.auditing.cleaning import Cleaned, clean
    from csc_dspy.auditing.decisions import Decision, read_decisions
    from csc_dspy.auditing.examining import audit
    from csc_dspy.auditing.result import Audit
    from csc_dspy.auditing.sheet import write_sheet
    from csc_dspy.auditing.suspects import Suspect
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
