"""Rules and demonstrations out of answers that vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .dspy_calls import TRIES, asking, require

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Simba:
    """``dspy.SIMBA``: it learns from examples whose answers vary.

    A language model says what the better answer did right, and that becomes a rule; or the better answer
    becomes a demonstration. DSPy's defaults would take thousands of calls; these take a few hundred.
    """

    name: ClassVar[str] = "simba"

    steps: int = 3
    """How often a batch is drawn."""
    batch: int = 8
    """Examples in a batch."""
    samples: int = 3
    """Answers to each example, and new programs in each step but one."""
    demonstrations: int = 4
    """The most demonstrations of a predictor."""
    examples: int = 24
    """The most training examples that are used."""

    def __post_init__(self) -> None:
        require(
            self.name,
            steps=(self.steps, 1),
            batch=(self.batch, 1),
            samples=(self.samples, 2),
            demonstrations=(self.demonstrations, 0),
            examples=(self.examples, 1),
        )

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        return self.demonstrations

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The start and the winners on dev, sampling and comparing in every step, and the rules."""
        examples = min(train, self.examples)
        batch = min(self.batch, examples)
        winners = min(self.steps, self.samples) + 1
        answers = self.steps * (2 * self.samples + 1) * batch + winners * (examples + dev) + dev
        # One call advises all predictors; what it says to each may have to be said again.
        rules = self.steps * batch * (1 + len(program.predictors()))
        return asking(program) * answers + TRIES * rules

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with the best rules and demonstrations, if they help."""
        import dspy

        from .dspy_bootstrap import uncompiled
        from .dspy_run import running, sampled, writer

        proposer = writer(bench.prompt_lm, self.name, "--prompt-lm")
        drawn = sampled(bench.train, self.examples, bench.seed)
        with running(program, bench, drawn) as run:
            optimizer = dspy.SIMBA(
                metric=run.watch.metric(bench.objective.feedback),
                bsize=min(self.batch, len(drawn)),
                num_candidates=self.samples,
                max_steps=self.steps,
                max_demos=self.demonstrations,
                prompt_model=proposer,
                # A copy: SIMBA writes into the options of this one.
                teacher_settings={"lm": bench.teacher_lm.copy()} if bench.teacher_lm else None,
                num_threads=run.threads,
            )
            found = optimizer.compile(uncompiled(program), trainset=drawn, seed=bench.seed)
            for place, candidate in enumerate(found.candidate_programs, 1):
                run.score(candidate["program"], f"winner {place}")
        return run.best
