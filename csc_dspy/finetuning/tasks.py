"""Tasks: what the questions of a program ask for, and how many rows each of them is to have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, get_args

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning._base import Task

if TYPE_CHECKING:
    from csc_dspy.programs import Program

TASKS: Final[tuple[Task, ...]] = get_args(Task)
WRITING: Final[frozenset[Task]] = frozenset({"response", "joint"})
"""Those with a text that can be better or worse."""
REASONING: Final = "reasoning"
_REMEDY: Final = "write it like strategy, strategy,response or strategy=2,response=1"


@dataclass(frozen=True, slots=True)
class Mixture:
    """The tasks that are asked for."""

    tasks: tuple[Task, ...]
    shares: Mapping[Task, Fraction] = field(default_factory=dict)
    """How many rows each is to have in relation to the others; empty where each has all that there are."""

    def __str__(self) -> str:
        return ",".join(f"{task}={self.shares[task]}" if self.shares else task for task in self.tasks)


def parse_mixture(text: str) -> Mixture:
    """The tasks in ``strategy``, ``strategy,response`` or ``strategy=2,response=1``; ConfigError if none."""
    shares: dict[Task, Fraction | None] = {}
    for entry in text.split(","):
        name, equals, number = (each.strip() for each in entry.partition("="))
        task = _task(name)
        if task in shares:
            raise ConfigError(f"the task {task!r} stands twice", where="--task", remedy=_REMEDY)
        shares[task] = _share(name, number) if equals else None
    given = {task: share for task, share in shares.items() if share is not None}
    if given and len(given) < len(shares):
        raise ConfigError("some tasks have a share and others have none", where="--task", remedy=_REMEDY)
    return Mixture(tuple(shares), given)


def task_of(signature: Any) -> Task:  # noqa: ANN401  a class of DSPy, which has no types
    """What a signature asks for."""
    outputs = [name for name in signature.output_fields if name != REASONING]
    if len(outputs) > 1:
        return "joint"
    if outputs == ["strategy"]:
        return "classify" if "turn" in signature.input_fields else "strategy"
    return _task(outputs[0])


def tasks_of(program: Program) -> dict[str, Task]:
    """What each predictor of a program is asked for, by its name."""
    return {name: task_of(predictor.signature) for name, predictor in program.named_predictors()}


def require_asked(mixture: Mixture, program: Program) -> None:
    """ConfigError unless the program asks for all tasks of the mixture."""
    asked = tasks_of(program).values()
    for task in mixture.tasks:
        if task not in asked:
            raise ConfigError(
                f"{program.name} does not ask for the task {task!r}",
                where="--task",
                remedy=f"it asks for {', '.join(asked)}",
            )


def _task(name: str) -> Task:
    for task in TASKS:
        if name == task:
            return task
    from difflib import get_close_matches

    close = get_close_matches(name, TASKS, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else f"tasks are {', '.join(TASKS)}"
    raise ConfigError(f"no task is called {name[:60]!r}", where="--task", remedy=remedy)


def _share(task: str, number: str) -> Fraction:
    try:
        share = Fraction(number)
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if share <= 0:
        raise ConfigError(
            f"the share of {task} is {number[:60]!r}", where="--task", remedy="give more than 0"
        )
    return share
