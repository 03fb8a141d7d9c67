"""A trial scored again on whole dialogues, with confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from csc_dspy.evaluation.bootstrap import resampled
from csc_dspy.evaluation.scoring import Score, bounds, rounded
from csc_dspy.evaluation.tallying import is_right

from .asking import answers_of, goals_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from optuna.trial import FrozenTrial

    from csc_dspy.evaluation.predictions import Prediction
    from csc_dspy.programs import Program

    from ..models import Models
    from .building import Builder
    from .connections import Connections
    from .objectives import Goals, Measure
    from .scoring import Course
    from .settings import Settings

    Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A trial's program, and everything it has said."""

    number: int
    parameters: Mapping[str, Any]
    note: str
    program: Program
    models: Models
    goals: Goals
    dialogues: Sequence[Sequence[Prediction]]
    seed: int

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The score by each objective."""
        return self.goals.values(self.dialogues)

    @cached_property
    def scores(self) -> dict[str, Score]:
        """The same with confidence intervals, by the names of the objectives."""
        return {
            measure.name: Score(rounded(value), *bounds(self.drawn(measure)))
            for measure, value in zip(self.goals.measures, self.values, strict=True)
        }

    @cached_property
    def right(self) -> list[int]:
        """How many strategies are right in each dialogue."""
        return [sum(is_right(each.attempt) for each in some) for some in self.dialogues]

    @cached_property
    def allowed(self) -> bool:
        """Whether it keeps all limits."""
        everything = [each for some in self.dialogues for each in some]
        return all(excess <= 0 for excess in self.goals.excess(everything).values())

    def drawn(self, measure: Measure) -> Array:
        """The score of dialogues drawn again and again, the same ones for all trials."""
        import numpy as np

        rows = np.array([measure.row(some) for some in self.dialogues], dtype=np.float64)
        if len(rows) < 2:
            # One dialogue alone is the same in every draw, which says nothing of how sure its score is.
            return np.full(1, np.nan)
        return measure.values(resampled(rows, self.seed))


def examine(
    trial: FrozenTrial,
    settings: Settings,
    turns: Course,
    builder: Builder,
    connections: Connections,
    *,
    concurrency: int,
) -> Examined:
    """Score a trial again. What is remembered is not asked; if the budget is spent, the rest is wrong."""
    values = settings.space.values(trial.params)
    connected = connections.get(values)
    with connected.in_force(trace=True):
        program = builder.build(values, connected.identity)
    program.compiled_for = connected.models.spec
    with connected.in_force(trace=False):
        answers = answers_of(program, settings, turns, concurrency, spent_is_wrong=True)
        progress = answers.until(len(turns.turns))
    return Examined(
        number=trial.number,
        parameters=settings.space.searched(values),
        note=str(trial.user_attrs.get("note", "")),
        program=program,
        models=connected.models,
        goals=goals_of(program, connected, settings, turns),
        dialogues=turns.by_dialogue(progress.predictions),
        seed=settings.seed,
    )


def difference(before: Examined, after: Examined) -> Score:
    """By how much the first objective has risen, with its interval; dialogues are drawn alike for both."""
    old, new = before.drawn(before.goals.measures[0]), after.drawn(after.goals.measures[0])
    return Score(rounded(after.values[0] - before.values[0]), *bounds(new - old))
