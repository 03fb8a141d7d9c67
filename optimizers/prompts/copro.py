"""Instructions, round after round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .dspy_calls import PROPOSING, asking, require

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Copro:
    """``dspy.COPRO``: a language model proposes instructions, sees how each scored, and proposes again."""

    name: ClassVar[str] = "copro"

    breadth: int = 4
    """Instructions in a round, 2 or more."""
    depth: int = 2
    """Rounds."""
    examples: int = 12
    """Training examples that each instruction is tried on."""
    finalists: int = 3
    """How many of the best are scored on dev."""
    temperature: float = 1.0
    """The temperature of proposals."""

    def __post_init__(self) -> None:
        require(
            self.name,
            breadth=(self.breadth, 2),
            depth=(self.depth, 1),
            examples=(self.examples, 1),
            finalists=(self.finalists, 1),
        )

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The start and the finalists on dev, every instruction on the examples, and the proposals."""
        predictors = len(program.predictors())
        # With several predictors, those of earlier rounds are tried again beside the new ones of the others.
        rounds = self.depth if predictors == 1 else self.depth * (self.depth + 1) // 2
        tried = rounds * self.breadth * predictors * min(train, self.examples)
        answers = (1 + self.finalists) * dev + tried
        return asking(program) * answers + PROPOSING * self.breadth * self.depth * predictors

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with the best instructions, if they help."""
        import dspy

        from .dspy_bootstrap import uncompiled
        from .dspy_run import running, sampled, writer

        proposer = writer(bench.prompt_lm, self.name, "--prompt-lm")
        drawn = sampled(bench.train, self.examples, bench.seed)
        with running(program, bench, drawn) as run:
            optimizer = dspy.COPRO(
                # A copy without a history, which COPRO would print.
                prompt_model=proposer.copy(),
                metric=run.watch.metric(bench.objective.composite),
                breadth=self.breadth,
                depth=self.depth,
                init_temperature=self.temperature,
            )
            settings = {"num_threads": run.threads, "display_progress": False}
            found = optimizer.compile(uncompiled(program), trainset=drawn, eval_kwargs=settings)
            for place, candidate in enumerate(found.candidate_programs[: self.finalists], 1):
                run.score(candidate["program"], f"finalist {place}")
        return run.best
