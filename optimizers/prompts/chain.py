"""Optimizers one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench, Optimizer


@dataclass(frozen=True, slots=True)
class Chain:
    """Each optimizer starts from what the one before it has found."""

    links: tuple[Optimizer, ...]

    @property
    def name(self) -> str:
        """The names of all, joined as ``--optimizer`` has them."""
        return "+".join(link.name for link in self.links)

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        # A bound: some replace the demonstrations that are there, others add to them.
        return sum(getattr(link, "most_demonstrations", 0) for link in self.links)

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """What all of them take together."""
        return sum(link.most_calls(program, train, dev) for link in self.links)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """What the last one has found."""
        for link in self.links:
            program = link.optimize(program, bench)
        return program
