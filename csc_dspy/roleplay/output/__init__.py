"""The folder that a role play leaves: what was kept, what was not and why, a card and a manifest."""

from csc_dspy.roleplay.output.corpus import Corpus, require_place
from csc_dspy.roleplay.output.names import (
    CARD,
    CONVERSATIONS,
    FAILED,
    KIND,
    MANIFEST,
    PARQUET,
    REJECTED,
    REPORT,
    REPORT_PAGE,
)
from csc_dspy.roleplay.output.reading import Rejected, is_corpus, kept_of, read_manifest, rejected_of

__all__ = [
    "CARD",
    "CONVERSATIONS",
    "FAILED",
    "KIND",
    "MANIFEST",
    "PARQUET",
    "REJECTED",
    "REPORT",
    "REPORT_PAGE",
    "Corpus",
    "Rejected",
    "is_corpus",
    "kept_of",
    "read_manifest",
    "rejected_of",
    "require_place",
]
