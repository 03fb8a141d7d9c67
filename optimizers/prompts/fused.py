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
    """The transition prior and the weights of labels, as far as each scores higher on dev too.

    Both are fitted on dialogues that the language model has not seen: those of dev and, where fine-tuning is
    free, those of training, about which models are asked that were trained without them. For programs with
    demonstrations that are to stay, and for fine-tuned models.
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
        return sum(part.most_calls(program, train, dev) for part in self._parts())

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with what both the held-out dialogues and dev speak for."""
        found, score = program, bench.trials.score(program, "as it was")
        for part in self._parts() if fusions(program) else ():
            joined = part.optimize(found, bench)
            scored = bench.trials.score(joined, part.name)
            # Of a few dialogues of dev alone, one would fit what does not last.
            if scored > score:
                found, score = joined, scored
        return bench.trials.keep(found, "what held-out dialogues and dev agree on")

    def _parts(self) -> tuple[Prior, Calibrate]:
        return Prior(weights=self.weights), Calibrate(penalty=self.penalty)
