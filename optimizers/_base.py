"""What an optimizer is, and what it works with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import dspy

    from csc_dspy.programs import Program

    from .holding_out import HeldOut
    from .objective import Objective
    from .trials import Trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything an optimizer needs besides the program. The language model is that of ``dspy.context``."""

    train: Sequence[dspy.Example]
    """Examples to learn from; see `csc_dspy.programs.training_examples`."""
    dev: Sequence[dspy.Example]
    """Examples of the dialogues that `trials` scores on, for optimizers of DSPy that want them."""
    objective: Objective
    """What is to become better."""
    trials: Trials
    """Scores programs on dev, remembers the scores, and keeps the best program."""
    seed: int = 0
    concurrency: int = 32
    prompt_lm: dspy.LM | None = None
    """Proposes instructions; None for the language model itself."""
    reflection_lm: dspy.LM | None = None
    """Reflects on mistakes; None for ``prompt_lm``."""
    teacher_lm: dspy.LM | None = None
    """Answers in the teacher's place when demonstrations are bootstrapped; None for the model itself."""
    held_out: Callable[[], Sequence[HeldOut]] = tuple
    """Fits models without some of the dialogues, where the language model was fine-tuned at no cost."""


class Optimizer(Protocol):
    """Makes a better program. Its parameters are the fields of a frozen dataclass."""

    @property
    def name(self) -> str:
        """As ``--optimizer`` has it."""
        ...

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """A bound on the calls of the language model, for so many examples."""
        ...

    def optimize(self, program: Program, bench: Bench) -> Program:
        """A better program, or ``program`` itself if there is none. ``program`` is not changed.

        Raises BudgetError when a limit is reached; what was best until then is in ``bench.trials``.
        """
        ...
