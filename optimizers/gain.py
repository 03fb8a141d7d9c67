"""How much better a program has become, and how sure that is, without asking again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.evaluation.bootstrap import permutation_p
from csc_dspy.evaluation.scoring import Draws, Score, bounds, drawn, rounded

if TYPE_CHECKING:
    from csc_dspy.metrics import Metric

    from .trials import Marks

_SIGNIFICANT: Final = 0.05
_TESTED: Final = "ACC"


@dataclass(frozen=True, slots=True)
class Gain:
    """Two scores with their 95 % confidence intervals, and the difference with its own."""

    before: Score
    after: Score
    difference: Score
    p: float | None
    """Of an exact paired permutation test over dialogues, for the accuracy of strategies alone."""

    @property
    def significant(self) -> bool:
        """Whether the later one is better beyond chance."""
        certain = self.difference.low is not None and self.difference.low > 0
        return certain and (self.p is None or self.p < _SIGNIFICANT)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "significant": self.significant}


def gain(metric: Metric, before: Marks, after: Marks, draws: Draws | None = None) -> Gain:
    """The difference of two trials of the same dialogues, which are drawn alike for both."""
    import numpy as np

    sides = [np.array(marks.rows, dtype=np.float64) for marks in (before, after)]
    values = [drawn([metric], [rows], draws or Draws())[0] for rows in sides]
    scores = [
        Score(rounded(metric.value(rows.sum(axis=0))), *bounds(each))
        for rows, each in zip(sides, values, strict=True)
    ]
    gained = Score(rounded(after.score - before.score), *bounds(values[1] - values[0]))
    changed = [new - old for old, new in zip(before.right, after.right, strict=True)]
    p = round(permutation_p(changed), 6) if metric.name == _TESTED else None
    return Gain(scores[0], scores[1], gained, p)
