"""Which cluster, and how much of it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Final

from csc_dspy.exceptions import ConfigError

LOCAL: Final = "local"
_ADDRESS: Final = "RAY_ADDRESS"
_CLIENT: Final = "ray://"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A Ray cluster to play on."""

    address: str | None = None
    """``HOST:PORT`` of its head, ``auto`` for the one that this machine belongs to, ``local`` for one that is
    started here and ends with the run. Without it what ``RAY_ADDRESS`` says, else ``local``."""
    workers: int | None = None
    """How many processes play, each on one CPU. Unless given, as many as the dialogues in flight need, and
    at least one a node."""
    dialogues: int = 64
    """Most dialogues that a worker has in flight."""

    def __post_init__(self) -> None:
        for name in ("workers", "dialogues"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ConfigError(f"at least 1 is needed, and not {getattr(self, name)}", where=name)
        if self.found.startswith(_CLIENT):
            raise ConfigError(
                "a role play cannot run through Ray's client",
                where=self.found,
                remedy="start it on a machine of the cluster, with --ray-address auto",
            )

    @property
    def found(self) -> str:
        """The address, wherever it is from."""
        return self.address or os.environ.get(_ADDRESS) or LOCAL

    def size(self, concurrency: int, nodes: int, processors: int) -> int:
        """How many workers to start for so many dialogues at a time."""
        if self.workers is not None:
            return self.workers
        return max(1, min(processors, max(nodes, math.ceil(concurrency / self.dialogues))))
