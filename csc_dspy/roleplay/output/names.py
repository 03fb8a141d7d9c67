"""What the files of the folder are called."""

from __future__ import annotations

from typing import Final

KIND: Final = "role play"
"""By this word in its manifest the folder is known."""
CONVERSATIONS: Final = "roleplay.jsonl"
PARQUET: Final = "roleplay.parquet"
REJECTED: Final = "rejected.jsonl"
FAILED: Final = "failed.jsonl"
MANIFEST: Final = "manifest.json"
REPORT: Final = "report.json"
REPORT_PAGE: Final = "report.html"
CARD: Final = "README.md"
