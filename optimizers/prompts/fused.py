"""What is known without the language model joined with what it says, as far as that scores higher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ..evidence import fusions
from .calibrate import Calibrate
from .prior import Prior

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """The transition prior, the weights of labels, both or neither: what scores highest on dev.

    Of equal ones the simpler. For programs with demonstrations that are to stay, and for fine-tuned models.
    """

    name: ClassVar[str] = "fused"

    weights: tuple[float, ...] = Prior().weights
    """What the prior may count; see `Prior`."""
    penalty: float = Calibrate().penalty
    """How much doubt there is about each weight of a label; see `Calibrate`."""

    def __post_init__(self) -> None:
        # Each looks at its own parameter.
        self._parts()

    @property
    def most_demonstrations(self) -> int:
        """None are added."""
        return 0

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """Those of its parts; each starts from what is known already."""
        prior, calibrate = self._parts()
        return 2 * calibrate.most_calls(program, train, dev) + prior.most_calls(program, train, dev)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The best of them."""
        if not fusions(program):
            bench.trials.score(program, "as it was")
            return program
        prior, calibrate = self._parts()
        with_prior = prior.optimize(program, bench)
        candidates = [
            program,
            with_prior,
            calibrate.optimize(program, bench),
            calibrate.optimize(with_prior, bench),
        ]
        scores = [bench.trials.score(each, "fused") for each in candidates]
        best = candidates[scores.index(max(scores))]
        return bench.trials.keep(best, "what scores highest")

    def _parts(self) -> tuple[Prior, Calibrate]:
        return Prior(weights=self.weights), Calibrate(penalty=self.penalty)
