"""How far raters agree: share of equal ratings, Cohen's kappa and Krippendorff's alpha, all for names.

Each unit, the thing that was rated, has one rating by each rater, None where there is none. Statistics are
computed from a table of how often each pattern of ratings occurs, so that a bootstrap over units draws such
tables and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Rating = Hashable
Unit = Sequence[Rating | None]

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its bootstrap interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree on the units that at least two of them rated."""

    units: int
    percent: Estimate
    """How often two raters of a unit agree, from 0 to 100."""
    kappa: Estimate
    """Cohen's kappa; it is defined for two raters alone."""
    alpha: Estimate
    """Krippendorff's alpha for names. Like kappa it is undefined where everybody always said the same."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def agreement(units: Iterable[Unit], *, resamples: int = 1000, seed: int = 0) -> Agreement:
    """How far raters agree, with intervals from ``resamples`` draws of the units."""
    rated = [unit for unit in map(tuple, units) if sum(rating is not None for rating in unit) > 1]
    raters = {len(unit) for unit in rated}
    if len(raters) > 1:
        raise ConfigError(
            "units have different numbers of raters", remedy="put None where a rating is missing"
        )
    if not rated:
        return Agreement(0, Estimate(None), Estimate(None), Estimate(None))
    patterns = Counter(rated)
    categories = list(dict.fromkeys(each for unit in patterns for each in unit if each is not None))
    draws = _draws(list(patterns.values()), resamples, seed)

    def estimate(statistic: Callable[[Array], Array], tallies: Array) -> Estimate:
        return _estimate(statistic(draws @ tallies))

    coincidences = _tallies(patterns, categories, _coincidences)
    return Agreement(
        units=len(rated),
        percent=estimate(_percent, coincidences),
        kappa=estimate(_kappa, _tallies(patterns, categories, _contingency))
        if raters == {2}
        else Estimate(None),
        alpha=estimate(_alpha, coincidences),
    )


def cohen_kappa(first: Sequence[Rating], second: Sequence[Rating]) -> float | None:
    """Cohen's kappa of two raters; None if it is not defined."""
    return agreement(zip(first, second, strict=True), resamples=0).kappa.value


def krippendorff_alpha(units: Iterable[Unit]) -> float | None:
    """Krippendorff's alpha for names; None if it is not defined."""
    return agreement(units, resamples=0).alpha.value


def percent_agreement(units: Iterable[Unit]) -> float | None:
    """How often two raters of a unit agree, in percent; None without any pair of ratings."""
    return agreement(units, resamples=0).percent.value


def bootstrap(
    statistic: Callable[[Array], Array], tallies: Array, *, resamples: int = 1000, seed: int = 0
) -> Estimate:
    """A statistic of summed tallies, one row a unit, with its interval over draws of the units."""
    return _estimate(statistic(_draws([1] * len(tallies), resamples, seed) @ tallies))


def _draws(counts: Sequence[int], resamples: int, seed: int) -> Array:
    """How often each pattern occurs: first as it was found, then in each resample."""
    import numpy as np

    found = np.asarray(counts, dtype=np.float64)
    total = int(found.sum())
    drawn = np.random.default_rng(seed).multinomial(total, found / total, size=resamples)
    return np.vstack([found, drawn])


def _estimate(values: Array) -> Estimate:
    """The first value, and the interval of the others; undefined ones do not count."""
    import numpy as np

    value, drawn = values[0], values[1:][~np.isnan(values[1:])]
    if np.isnan(value):
        return Estimate(None)
    if not len(drawn):
        return Estimate(float(value))
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(float(value), float(low), float(high))


Pairs = Callable[[tuple[Any, ...]], list[tuple[Any, Any, float]]]


def _contingency(unit: tuple[Any, ...]) -> list[tuple[Any, Any, float]]:
    return [(unit[0], unit[1], 1.0)]


def _coincidences(unit: tuple[Any, ...]) -> list[tuple[Any, Any, float]]:
    """Every ordered pair of ratings, so weighted that the unit counts as many times as it was rated."""
    ratings = [rating for rating in unit if rating is not None]
    return [(*pair, 1 / (len(ratings) - 1)) for pair in permutations(ratings, 2)]


def _tallies(patterns: Iterable[tuple[Any, ...]], categories: Sequence[Any], pairs: Pairs) -> Array:
    """For each pattern a square table of categories, flattened."""
    import numpy as np

    place = {category: index for index, category in enumerate(categories)}
    size = len(categories)
    rows = []
    for unit in patterns:
        table = np.zeros((size, size))
        for one, other, weight in pairs(unit):
            table[place[one], place[other]] += weight
        rows.append(table.ravel())
    return np.array(rows)


def _square(tallies: Array) -> Array:
    size = round(tallies.shape[-1] ** 0.5)
    return tallies.reshape(*tallies.shape[:-1], size, size)


def _percent(coincidences: Array) -> Array:
    observed: Array = 100 * _square(coincidences).trace(axis1=-2, axis2=-1) / coincidences.sum(axis=-1)
    return observed


def _kappa(tallies: Array) -> Array:
    table = _square(tallies)
    total = tallies.sum(axis=-1)
    observed = table.trace(axis1=-2, axis2=-1) / total
    expected = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / total**2
    return _ratio(observed - expected, 1 - expected)


def _alpha(coincidences: Array) -> Array:
    table = _square(coincidences)
    total = coincidences.sum(axis=-1)
    margins = table.sum(axis=-1)
    disagreement = total - table.trace(axis1=-2, axis2=-1)
    expected = (total**2 - (margins**2).sum(axis=-1)) / (total - 1)
    return _ratio(expected - disagreement, expected)


def _ratio(above: Array, below: Array) -> Array:
    """The quotient; nan where there is nothing to divide by."""
    import numpy as np

    defined = below > 1e-12
    return np.where(defined, above / np.where(defined, below, 1), np.nan)
