"""Whether one system is better than another on the same dialogues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from csc_dspy.evaluation.bootstrap import permutation_p
from csc_dspy.evaluation.scoring import Draws, bounds, drawn, rounded
from csc_dspy.evaluation.tallying import Tallies
from csc_dspy.metrics import HEADLINE, Aspect, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Verdict = Literal["better", "worse", "cannot tell"]

_SIGNIFICANT: Final = 0.05
_TESTED: Final = "ACC"


@dataclass(frozen=True, slots=True)
class Difference:
    """A score of two systems, and the 95 % confidence interval of the difference."""

    value: float | None
    other: float | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    p: float | None = None
    """Of an exact paired permutation test over dialogues, for the accuracy alone."""


def compare_context(
    ours: tuple[Tallies, frozenset[Aspect]], theirs: tuple[Tallies, frozenset[Aspect]], draws: Draws
) -> dict[str, Any]:
    """The headline metrics that both systems have, by name."""
    common = {metric.name for metric in theirs[0].metrics(theirs[1])}
    metrics = [metric for metric in ours[0].metrics(ours[1]) if metric.name in common.intersection(HEADLINE)]
    sides = [[tallies.of(metric) for metric in metrics] for tallies in (ours[0], theirs[0])]
    values = [drawn(metrics, rows, draws) for rows in sides]
    p = permutation_p([mine - other for mine, other in zip(ours[0].right, theirs[0].right, strict=True)])
    return {
        metric.name: asdict(_difference(metric, sums, drawn_values, p if metric.name == _TESTED else None))
        for metric, *sums, drawn_values in zip(
            metrics,
            *([rows.sum(axis=0) for rows in side] for side in sides),
            (mine - other for mine, other in zip(*values, strict=True)),
            strict=True,
        )
    }


def _difference(metric: Metric, sums: Sequence[Array], drawn_values: Array, p: float | None) -> Difference:
    value, other = (float(metric.value(each)) for each in sums)
    low, high = bounds(drawn_values)
    return Difference(
        rounded(value),
        rounded(other),
        rounded(value - other),
        low,
        high,
        _verdict(low, high, p, higher_is_better=metric.higher_is_better),
        None if p is None else round(p, 6),
    )


def _verdict(low: float | None, high: float | None, p: float | None, *, higher_is_better: bool) -> Verdict:
    if low is None or high is None or low <= 0 <= high or (p is not None and p >= _SIGNIFICANT):
        return "cannot tell"
    return "better" if (low > 0) == higher_is_better else "worse"
