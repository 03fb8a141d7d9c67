"""From tallies to scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.evaluation.bootstrap import RESAMPLES, interval, resampled
from csc_dspy.evaluation.tallying import Tallies
from csc_dspy.metrics import Aspect, Metric
from csc_dspy.taxonomy import LANGUAGES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

DIGITS: Final = 4
_REASONS_LISTED: Final = 10
_OTHER_REASONS: Final = "other reasons"


@dataclass(frozen=True, slots=True)
class Score:
    """A value, and the bounds of its 95 % confidence interval. None where there is nothing to tell."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """How intervals are found."""

    seed: int = 0
    resamples: int = RESAMPLES


def score_context(tallies: Tallies, aspects: frozenset[Aspect], draws: Draws) -> dict[str, Any]:
    """Everything that ``scores.json`` says of a context, but for the time it took."""
    metrics = tallies.metrics(aspects)
    everything = range(len(tallies.turns))
    return {
        **_part(tallies, metrics, everything, draws),
        "failure_reasons": _reasons(tallies),
        "languages": {
            language: _part(tallies, metrics, places, draws)
            for language in LANGUAGES
            if (places := [place for place in everything if tallies.languages[place] == language])
        },
        **_breakdown(tallies, aspects),
        "cost": tallies.cost,
        "latency": _latency(tallies),
    }


def _part(tallies: Tallies, metrics: Sequence[Metric], places: Sequence[int], draws: Draws) -> dict[str, Any]:
    """Scores and counts of some of the dialogues."""
    rows = [tallies.of(metric)[list(places)] for metric in metrics]
    return {
        **{
            metric.name: asdict(Score(rounded(metric.value(each.sum(axis=0))), *bounds(values)))
            for metric, each, values in zip(metrics, rows, drawn(metrics, rows, draws), strict=True)
        },
        "turns": sum(tallies.turns[place] for place in places),
        "dialogues": len(places),
        "failures": sum(tallies.failures[place] for place in places),
    }


def drawn(metrics: Sequence[Metric], rows: Sequence[Array], draws: Draws) -> list[Array]:
    """The values of each metric in every draw, from its tallies, one row for each dialogue.

    The draws are the same for all metrics, and for all systems that are given the same dialogues.
    """
    import numpy as np

    if not metrics:
        return []
    sums = resampled(np.hstack(rows), draws.seed, draws.resamples)
    parts = np.split(sums, np.cumsum([each.shape[1] for each in rows])[:-1], axis=1)
    # One dialogue alone is the same in every draw, which says nothing of how sure its score is.
    if len(rows[0]) < 2:
        return [np.full(draws.resamples, np.nan) for _ in metrics]
    return [metric.value(part) for metric, part in zip(metrics, parts, strict=True)]


def bounds(values: Array) -> tuple[float | None, float | None]:
    """The bounds of an interval as results have them."""
    found = interval(values)
    return (None, None) if found is None else (rounded(found[0]), rounded(found[1]))


def rounded(value: float | Array) -> float | None:
    """A number as results have it; None for nan."""
    number = float(value)
    # Adding zero makes a negative zero an ordinary one.
    return None if number != number else round(number, DIGITS) + 0.0  # noqa: PLR0124  only nan differs


def _reasons(tallies: Tallies) -> dict[str, int]:
    listed = dict(tallies.reasons.most_common(_REASONS_LISTED))
    if others := tallies.reasons.total() - sum(listed.values()):
        listed[_OTHER_REASONS] = others
    return listed


def _breakdown(tallies: Tallies, aspects: frozenset[Aspect]) -> dict[str, Any]:
    """The tables by strategy, stage and probability, for what the system answers."""
    told: dict[str, Any] = _shortened(tallies.breakdown.result().to_dict())
    kept = {"strategies": "strategy", "confusion": "strategy", "stages": "stage", "calibration": None}
    return {name: told[name] if of is None or of in aspects else None for name, of in kept.items()}


def _shortened(value: Any) -> Any:  # noqa: ANN401  any plain data
    """Plain data with its numbers as results have them."""
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    return rounded(value) if isinstance(value, float) else value


def _latency(tallies: Tallies) -> dict[str, float | None] | None:
    import numpy as np

    if not tallies.seconds:
        return None
    seconds = np.asarray(tallies.seconds)
    median, p90, p99 = np.percentile(seconds, [50, 90, 99])
    return {
        "median": rounded(median),
        "p90": rounded(p90),
        "p99": rounded(p99),
        "max": rounded(seconds.max()),
    }
