"""Instructions and demonstrations, searched for together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .dspy_calls import PROPOSING, asking, require

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Mipro:
    """``dspy.MIPROv2``: Bayesian search for the best instruction and demonstrations of every predictor.

    A language model proposes the instructions; it sees the instruction so far and what was bootstrapped.
    """

    name: ClassVar[str] = "mipro"

    candidates: int = 4
    """Instructions, and about as many sets of demonstrations, for each predictor."""
    trials: int = 10
    """How many combinations are scored on dev."""
    bootstrapped: int = 4
    """The most demonstrations from right answers in a set; with 0, instructions alone are searched for."""
    labelled: int = 8
    """Demonstrations from the labels, which the teacher is shown too."""
    attempts: int = 24
    """The most examples that the teacher is asked about for each set."""
    temperature: float = 1.0
    """The temperature of proposals."""

    def __post_init__(self) -> None:
        require(
            self.name,
            candidates=(self.candidates, 2),
            trials=(self.trials, 1),
            bootstrapped=(self.bootstrapped, 0),
            labelled=(self.labelled, 0),
            attempts=(self.attempts, 1),
        )

    @property
    def most_demonstrations(self) -> int:
        """What a question shows at most."""
        return max(self.bootstrapped, self.labelled)

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The start and each trial on dev, the teacher for each set, and the proposals."""
        # Of the sets one is empty; DSPy's one with raw examples is left out.
        bootstrapping = (self.candidates - 2) * min(train, self.attempts)
        proposals = self.candidates * len(program.predictors())
        answers = (self.trials + 1) * dev + bootstrapping
        return asking(program) * answers + PROPOSING * proposals

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with the best combination, if it helps."""
        from .dspy_bootstrap import Bootstrapper, uncompiled
        from .dspy_mipro import JudgedMIPRO
        from .dspy_run import divided, running, writer

        proposer = writer(bench.prompt_lm, self.name, "--prompt-lm")
        shown, tried = divided(program, bench.train, self.labelled, self.attempts, bench.seed)
        with running(program, bench, [*shown, *tried]) as run:
            optimizer = JudgedMIPRO(
                run,
                shown,
                metric=run.watch.metric(bench.objective.strict),
                prompt_model=proposer,
                teacher_settings={"lm": bench.teacher_lm} if bench.teacher_lm else {},
                max_bootstrapped_demos=self.bootstrapped,
                max_labeled_demos=0,
                auto=None,
                num_candidates=self.candidates,
                init_temperature=self.temperature,
                # In the constructor: as an argument of compile, 0 would become 9.
                seed=bench.seed,
            )
            optimizer.compile(
                uncompiled(program),
                teacher=Bootstrapper(program, bench, run, shown).teacher,
                trainset=tried,
                valset=tried,
                num_trials=self.trials,
                minibatch=False,
                # Our instructions say what there is to know of data and program; DSPy would send the source.
                program_aware_proposer=False,
                data_aware_proposer=False,
            )
        return run.best
