"""The chain for the program, the language model and the budget at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from ..evidence import fusions
from .balanced import Balanced
from .calibrate import Calibrate
from .chain import Chain
from .dspy_calls import require
from .labeled import Labeled
from .prior import Prior

if TYPE_CHECKING:
    from collections.abc import Iterator

    from csc_dspy.programs import Program

    from .._base import Bench, Optimizer

_CHAINS: Final = (6, 3, 1, 0)
"""How many sets of demonstrations are drawn, and as often exchanged, from much budget to little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auto:
    """Demonstrations first, then the prior and the weights of labels, for the language model as it is then.

    The chain is the longest whose bound on calls is within the budget. The embedded engine is shown as many
    demonstrations as there are; where probabilities are not measured, no labels are weighed.
    """

    name: ClassVar[str] = "auto"

    demonstrations: int | None = None
    """The most for each predictor; None for what `Balanced` takes by itself."""

    def __post_init__(self) -> None:
        require(self.name, demonstrations=(1 if self.demonstrations is None else self.demonstrations, 1))

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        return Balanced(demonstrations=self.demonstrations).most_demonstrations

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The longest chain."""
        return next(self._chains(program)).most_calls(program, train, dev)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """What the chain has found."""
        return self.chosen(program, bench).optimize(program, bench)

    def chosen(self, program: Program, bench: Bench) -> Optimizer:
        """The longest chain that the budget allows, or else the shortest there is."""
        train, dev = len(bench.train), len(bench.dev)
        most = _most_calls()
        chains = list(self._chains(program))
        for chain in chains:
            if most is None or chain.most_calls(program, train, dev) <= most:
                return chain
        return chains[-1]

    def _chains(self, program: Program) -> Iterator[Optimizer]:
        for candidates in _CHAINS:
            first = (
                Balanced(demonstrations=self.demonstrations, candidates=candidates, exchanges=candidates)
                if candidates
                else Labeled(demonstrations=self.demonstrations or 16)
            )
            yield Chain((first, Prior(), Calibrate())) if candidates and _decides(program) else first


def _decides(program: Program) -> bool:
    """Whether labels are decided, so that there is something to fuse, or a hint to show."""
    return bool(fusions(program)) or hasattr(program, "fusion")


def _most_calls() -> int | None:
    """What the budget of the language model in force allows in all; None where calls are not limited.

    Not what is left of it: a run that is taken up has to make the same choice again.
    """
    import dspy

    budget = getattr(getattr(dspy.settings.lm, "engine", None), "budget", None)
    if budget is None or budget.max_calls is None:
        return None
    return int(budget.max_calls)
