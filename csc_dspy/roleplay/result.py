"""What a role play came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the dialogues."""

    out: Path
    counts: Mapping[str, Any]
    """As `csc_dspy.roleplay.output.Corpus.counts` tells it."""
    seconds: float

    @property
    def made(self) -> int:
        """How many dialogues are accounted for: kept, rejected or failed."""
        return int(self.counts["made"])

    @property
    def kept(self) -> int:
        """How many are in the corpus."""
        return int(self.counts["kept"])

    @property
    def rejected(self) -> int:
        """How many were not good enough."""
        return sum(self.counts["rejected"].values())

    @property
    def failed(self) -> int:
        """How many came to no end; to be gone on with."""
        return sum(self.counts["failed"].values())

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        counts = dict(self.counts)
        reasons = {"rejected_by": counts.pop("rejected"), "failed_by": counts.pop("failed")}
        numbers = {"made": self.made, "kept": self.kept, "rejected": self.rejected, "failed": self.failed}
        return {**numbers, **counts, **reasons, "seconds": round(self.seconds, 2), "out": str(self.out)}
