"""Demonstrations straight from the labels."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, ClassVar

from ..demonstrating import demonstrating, teachable
from .dspy_calls import asking, require

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Labeled:
    """Demonstrations drawn from the training examples, the same turns for all predictors."""

    name: ClassVar[str] = "labeled"

    demonstrations: int = 16
    """How many for each predictor."""

    def __post_init__(self) -> None:
        require(self.name, demonstrations=(self.demonstrations, 1))

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        return self.demonstrations

    def most_calls(self, program: Program, train: int, dev: int) -> int:  # noqa: ARG002  as all optimizers
        """The program as it was, and the result, on dev."""
        return 2 * dev * asking(program)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with demonstrations, if they help."""
        before = bench.trials.score(program, "as it was")
        examples = teachable(program, bench.train)
        chosen = Random(bench.seed).sample(examples, min(self.demonstrations, len(examples)))
        found = demonstrating(program, chosen)
        after = bench.trials.score(found, f"{len(chosen)} demonstrations")
        return found if after > before else program
