"""What an export has made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Fine-tuning data in a folder."""

    out: Path
    manifest: Mapping[str, Any] = field(repr=False)
    """As ``manifest.json`` has it."""
    failures: int
    """How many turns a language model failed on."""
    seconds: float

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows there are to train on and to validate by."""
        return dict(self.manifest["rows"])

    @property
    def strategies(self) -> Mapping[str, int]:
        """How many rows each strategy has, by its id."""
        return dict(self.manifest["strategies"])

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many rows are not there, by the reason."""
        return dict(self.manifest["left_out"])

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` has it."""
        told = ("form", "pairs", "program", "language", "tasks", "rows", "strategies", "lengths", "left_out")
        return {
            "out": str(self.out),
            **{name: self.manifest[name] for name in told},
            "failures": self.failures,
            "seconds": self.seconds,
        }
