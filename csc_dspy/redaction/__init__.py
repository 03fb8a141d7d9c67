"""Redaction: placeholders in place of personal data, before anybody else sees it."""

from csc_dspy.redaction._base import NUMBERS, PLACEHOLDERS, Kind, Span
from csc_dspy.redaction.finding import personal_data
from csc_dspy.redaction.redacting import (
    STANDARD,
    Redacted,
    Redaction,
    Replaced,
    blotted,
    masked,
    redact,
    restore,
)

__all__ = [
    "NUMBERS",
    "PLACEHOLDERS",
    "STANDARD",
    "Kind",
    "Redacted",
    "Redaction",
    "Replaced",
    "Span",
    "blotted",
    "masked",
    "personal_data",
    "redact",
    "restore",
]
