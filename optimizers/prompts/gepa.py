"""Instructions rewritten by reflection on mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .dspy_calls import PROPOSING, asking, require

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Gepa:
    """``dspy.GEPA``: a language model reads answers with feedback in words, and rewrites the instruction.

    What does better on these lives on, and is chosen again by how it does on a Pareto set of training
    examples. GEPA's own way to resume keeps pickles on disk, so it is not used: the journal and the cache
    remember what was paid for.
    """

    name: ClassVar[str] = "gepa"

    rollouts: int = 150
    """About how many answers of the program are scored on the way; what has begun is completed."""
    minibatch: int = 3
    """How many answers a reflection reads."""
    pareto: int = 12
    """How many training examples decide what lives on, at most half of them."""
    examples: int = 60
    """The most training examples that are used."""

    def __post_init__(self) -> None:
        require(
            self.name,
            rollouts=(self.rollouts, 1),
            minibatch=(self.minibatch, 1),
            pareto=(self.pareto, 1),
            examples=(self.examples, 1),
        )

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The start and all that lived on dev, the answers on the way, and the reflections."""
        pareto = self._pareto(min(train, self.examples))
        step = 2 * self.minibatch + pareto
        rollouts = max(self.rollouts, pareto) + step
        survivors, reflections = rollouts // step + 1, rollouts // self.minibatch + 1
        answers = (1 + survivors) * dev + rollouts
        return asking(program) * answers + PROPOSING * reflections

    def _pareto(self, examples: int) -> int:
        return max(1, min(self.pareto, examples // 2))

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with the best instructions, if they help."""
        from .dspy_bootstrap import uncompiled
        from .dspy_gepa import compiler
        from .dspy_run import running, sampled, writer

        reflecting = writer(bench.reflection_lm or bench.prompt_lm, self.name, "--reflection-lm")
        drawn = sampled(bench.train, self.examples, bench.seed)
        pareto = self._pareto(len(drawn))
        with running(program, bench, drawn) as run:
            optimizer = compiler(
                run,
                uncompiled(program),
                metric=bench.objective.feedback,
                reflection_lm=reflecting,
                max_metric_calls=self.rollouts,
                reflection_minibatch_size=self.minibatch,
                seed=bench.seed,
            )
            optimizer.compile(uncompiled(program), trainset=drawn[pareto:] or drawn, valset=drawn[:pareto])
        return run.best
