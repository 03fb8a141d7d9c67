"""Fitting a linear head: multinomial logistic regression with a penalty, by Adam in small batches.

Sixty passes over a thousand rows, three over a hundred thousand. Seeded, so equal rows give equal weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.lm.embedded.features import SIZE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.lm.embedded.sparse import Rows

# By cross-validation on rolecs-sample, alike for both languages.
_STRENGTH: Final = 1.0
_RATE: Final = 0.05
_BATCH: Final = 256
_FEWEST_UPDATES: Final = 240
_FEWEST_PASSES: Final = 3
_MOST_PASSES: Final = 60
_MOMENTS: Final = (0.9, 0.999)
_TINY: Final = 1e-8
_SAID_EVERY: Final = 16
# Below what sums in another order, on another machine, differ by.
_DIGITS: Final = 4


def fit(
    rows: Rows,
    targets: NDArray[np.int64],
    labels: int,
    *,
    seed: int = 0,
    told: Callable[[float], object] = lambda _share: None,
) -> NDArray[np.float32]:
    """Weights by which ``features @ weights`` gives the log odds of labels. The last row is their bias.

    ``told`` hears now and then which share is done.
    """
    import numpy as np

    chance = np.random.default_rng(seed)
    # Few rows have few of all features.
    there = np.zeros(SIZE, np.bool_)
    there[rows.places] = True
    used = np.flatnonzero(there)
    rows = replace(rows, places=(np.cumsum(there, dtype=np.int32) - np.int32(1))[rows.places])
    weights = np.zeros((len(used) + 1, labels), np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    total = _updates(len(rows))
    update = 0
    while update < total:
        order = chance.permutation(len(rows))
        for begin in range(0, len(rows), _BATCH):
            if update == total:
                break
            update += 1
            chosen = order[begin : begin + _BATCH]
            slope = _slope(rows.some(chosen), targets[chosen], weights)
            slope[:-1] += weights[:-1] * np.float32(1 / (_STRENGTH * len(rows)))
            first += (1 - _MOMENTS[0]) * (slope - first)
            second += (1 - _MOMENTS[1]) * (slope**2 - second)
            step = first / (1 - _MOMENTS[0] ** update)
            step /= np.sqrt(second / (1 - _MOMENTS[1] ** update)) + _TINY
            weights -= _RATE * (1 - (update - 1) / total) * step
            if update % _SAID_EVERY == 0:
                told(update / total)
    told(1.0)
    spread = np.zeros((SIZE + 1, labels), np.float32)
    spread[[*used, SIZE]] = weights.round(_DIGITS)
    return spread


def log_odds(weights: NDArray[np.float32], places: list[int], shares: list[float]) -> NDArray[Any]:
    """What the weights say of one row of features."""
    import numpy as np

    odds: NDArray[Any] = np.array(shares) @ weights[places].astype(np.float64) + weights[-1]
    return odds


def _updates(rows: int) -> int:
    batches = -(-rows // _BATCH)
    passes = min(max(-(-_FEWEST_UPDATES // batches), _FEWEST_PASSES), _MOST_PASSES)
    return batches * passes


def _slope(rows: Rows, targets: NDArray[np.int64], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The gradient of the mean cross-entropy."""
    import numpy as np

    scores = rows.times(weights[:-1]) + weights[-1]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    errors = odds / odds.sum(axis=1, keepdims=True)
    errors[np.arange(len(targets)), targets] -= 1.0
    errors /= len(targets)
    slope = np.zeros_like(weights)
    rows.add_transposed(errors, slope)
    slope[-1] = errors.sum(axis=0)
    return slope
