"""Demonstrations out of the program's own right answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .dspy_calls import asking, require

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """``dspy.BootstrapFewShot``: a teacher answers examples, and right answers become demonstrations.

    The teacher is the program itself with the labelled demonstrations, asked of ``bench.teacher_lm`` where
    there is one.
    """

    name: ClassVar[str] = "bootstrap"

    bootstrapped: int = 4
    """The most demonstrations from right answers."""
    labelled: int = 8
    """Demonstrations from the labels, which the teacher is shown too."""
    attempts: int = 24
    """The most examples that the teacher is asked about."""

    def __post_init__(self) -> None:
        require(
            self.name,
            bootstrapped=(self.bootstrapped, 0),
            labelled=(self.labelled, 0),
            attempts=(self.attempts, 1),
        )

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        return self.bootstrapped + self.labelled

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The start and the result on dev, and the teacher on the training examples."""
        return asking(program) * (2 * dev + min(train, self.attempts))

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with demonstrations, if they help."""
        from .dspy_bootstrap import Bootstrapper
        from .dspy_run import divided, running

        shown, tried = divided(program, bench.train, self.labelled, self.attempts, bench.seed)
        with running(program, bench, [*shown, *tried]) as run:
            bootstrapper = Bootstrapper(program, bench, run, shown)
            found = bootstrapper.bootstrapped(tried, self.bootstrapped, shown)
            run.score(found, "bootstrapped")
        return run.best
