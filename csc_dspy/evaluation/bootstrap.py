"""How sure a score is: the same score of dialogues drawn again and again, with repetition.

Dialogues are drawn, not turns, because the turns of one dialogue are alike. Scores come from sums of tallies,
so a draw is a row of weights and all draws together are one product of matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RESAMPLES: Final = 1000
CONFIDENCE: Final = 95.0
_MOST_WEIGHTS: Final = 4_000_000


def resampled(tallies: Array, seed: int, resamples: int = RESAMPLES) -> Array:
    """The sums of tallies in each draw: (dialogues, k) becomes (resamples, k)."""
    import numpy as np

    rng = np.random.default_rng(seed)
    dialogues = len(tallies)
    shares = np.full(dialogues, 1 / dialogues)
    at_once = max(1, _MOST_WEIGHTS // dialogues)
    sums = [
        rng.multinomial(dialogues, shares, size=min(at_once, resamples - begun)).astype(np.float64) @ tallies
        for begun in range(0, resamples, at_once)
    ]
    return np.concatenate(sums)


def interval(values: Array) -> tuple[float, float] | None:
    """The bounds between which 95 % of the draws lie; None if no draw has a value."""
    import numpy as np

    defined = values[~np.isnan(values)]
    if not len(defined):
        return None
    tail = (100 - CONFIDENCE) / 2
    low, high = np.percentile(defined, [tail, 100 - tail])
    return float(low), float(high)


def permutation_p(differences: list[int]) -> float:
    """How likely a total at least this far from zero is if each dialogue could as well go the other way.

    ``differences`` are whole numbers, one a dialogue. The test is exact: it counts all assignments of signs.
    """
    import numpy as np

    sizes = [abs(difference) for difference in differences if difference]
    if not sizes:
        return 1.0
    # How likely each sum is of those that go the other way.
    likely = np.zeros(sum(sizes) + 1)
    likely[0] = 1.0
    for size in sizes:
        shifted = np.concatenate([np.zeros(size), likely[:-size]])
        likely = (likely + shifted) / 2
    totals = np.abs(sum(sizes) - 2 * np.arange(len(likely)))
    return min(1.0, float(likely[totals >= abs(sum(differences))].sum()))
