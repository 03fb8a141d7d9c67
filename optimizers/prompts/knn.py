"""The nearest demonstrations, chosen anew for each question."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, ClassVar

from csc_dspy.programs.pool import Pool

from ..demonstrating import by_label, in_turn, taught, teachable
from .dspy_calls import asking, require

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Knn:
    """Saves a pool of demonstrations with the program; every question shows those most like it.

    Demonstrations that the program has already stay in front of them.
    """

    name: ClassVar[str] = "knn"

    demonstrations: int = 8
    """How many a question shows."""
    pool: int = 1000
    """The most in the pool; where there are more, all labels are kept alike."""

    def __post_init__(self) -> None:
        require(self.name, demonstrations=(self.demonstrations, 1), pool=(self.pool, 1))

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        return self.demonstrations

    def most_calls(self, program: Program, train: int, dev: int) -> int:  # noqa: ARG002  as all optimizers
        """The program as it was, and the result, on dev."""
        return 2 * dev * asking(program)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with the pool, if it helps."""
        before = bench.trials.score(program, "as it was")
        found: Program = program.deepcopy()
        found.pool = self.pooled(program, bench)
        after = bench.trials.score(found, f"the nearest {self.demonstrations} demonstrations")
        return found if after > before else program

    def pooled(self, program: Program, bench: Bench) -> Pool:
        """The pool of the training examples."""
        examples = teachable(program, bench.train)
        if len(examples) > self.pool:
            examples = in_turn(by_label(program, examples, Random(bench.seed)).values(), self.pool)
        learned = {
            name: [{**each.inputs, **each.outputs} for each in lessons]
            for name, lessons in taught(program, examples).items()
        }
        return Pool(learned, self.demonstrations)
