"""Many draws of demonstrations, of which the best on dev wins."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .dspy_calls import asking, require

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSearch:
    """``dspy.BootstrapFewShotWithRandomSearch``: sets of demonstrations are drawn, and the best one wins.

    Two things differ from DSPy's: the teacher is asked about each example once for all sets, and sets compete
    by the objective itself, not by a mean over examples.
    """

    name: ClassVar[str] = "random-search"

    candidates: int = 8
    """How many sets of demonstrations are drawn."""
    bootstrapped: int = 4
    """The most demonstrations from right answers in a set."""
    labelled: int = 8
    """The most demonstrations from the labels in a set; the teacher is shown all of them."""
    attempts: int = 24
    """The most examples that the teacher is asked about."""

    def __post_init__(self) -> None:
        require(
            self.name,
            candidates=(self.candidates, 1),
            bootstrapped=(self.bootstrapped, 1),
            labelled=(self.labelled, 0),
            attempts=(self.attempts, 1),
        )

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        return self.bootstrapped + self.labelled

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The start and every set on dev, and the teacher on the training examples."""
        return asking(program) * ((self.candidates + 2) * dev + min(train, self.attempts))

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with the best set, if it helps."""
        from .dspy_bootstrap import Bootstrapper
        from .dspy_run import divided, running, with_lessons

        shown, tried = divided(program, bench.train, self.labelled, self.attempts, bench.seed)
        with running(program, bench, [*shown, *tried]) as run:
            bootstrapper = Bootstrapper(program, bench, run, shown)
            run.score(with_lessons(program, shown), "labelled only")
            for number in range(self.candidates):
                # The first as it comes; the others differ in the order and number of what is drawn.
                chance = random.Random(f"{bench.seed}-{number}")
                order = tried if number == 0 else chance.sample(tried, len(tried))
                most = self.bootstrapped if number == 0 else chance.randint(1, self.bootstrapped)
                labelled = shown if number == 0 else chance.sample(shown, chance.randint(0, len(shown)))
                found = bootstrapper.bootstrapped(order, most, labelled)
                run.score(found, f"set {number + 1} of {self.candidates}")
        return run.best
