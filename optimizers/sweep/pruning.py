"""Giving up a trial on the way: only what is worse beyond chance, on the turns seen so far.

Turns come in the same shuffled order in every trial, so two trials are compared turn by turn, by a Wilcoxon
signed-rank test. What matters is which trial is better on all turns of dev. These are finite, and seen
without repetition, so the statistic is divided by the square root of the share that is still to come: what is
left of chance shrinks as the trial goes on, and is gone at its end.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_FIRST_LOOK: Final = 16
_GROWTH: Final = 1.5
_FEWEST: Final = 6
"""Turns that differ; fewer tell nothing."""


def looks(turns: int) -> Iterator[int]:
    """After how many turns a trial is looked at; the last time when it is complete."""
    seen = _FIRST_LOOK
    while seen < turns:
        yield seen
        seen = math.ceil(seen * _GROWTH)
    yield turns


def signed_rank_z(differences: Sequence[float] | Array) -> float:
    """By how many standard deviations the sum of signed ranks is above nought; 0 if nothing differs.

    As Pratt has it: equal sizes share their ranks, and differences of nought are ranked, but count no more.
    """
    import numpy as np

    values = np.asarray(differences, dtype=np.float64)
    if not values.any():
        return 0.0
    _, place, count = np.unique(np.abs(values), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    signed = float(np.sign(values) @ ranks)
    return signed / math.sqrt(float((ranks[values != 0] ** 2).sum()))


def likely_worse(ours: Array, theirs: Array, turns: int, level: float) -> bool:
    """Whether a trial will end up worse than another, by what is seen of it; more is better.

    ``turns`` is how many there are in all. Turns that do not count are nan.
    """
    import numpy as np

    seen = len(ours)
    differences = ours - theirs[:seen]
    differences = differences[~np.isnan(differences)]
    if np.count_nonzero(differences) < _FEWEST or differences.mean() >= 0:
        return False
    left = 1 - seen / turns
    z = signed_rank_z(differences)
    return left <= 0 or _below(z / math.sqrt(left)) < level


def dominated(ours: Array, theirs: Array, maximize: Sequence[bool], turns: int, level: float) -> bool:
    """Whether another trial is better by one objective beyond chance, and by no other objective worse.

    Each row is a turn, each column an objective. By every objective the other has to be better beyond chance,
    unless all turns so far are equal.
    """
    seen = len(ours)
    worse = 0
    for column, more in enumerate(maximize):
        sign = 1 if more else -1
        mine, other = sign * ours[:, column], sign * theirs[:, column]
        if likely_worse(mine, other, turns, level):
            worse += 1
        elif not _alike(mine, other[:seen]):
            return False
    return worse > 0


def packed(marks: Iterable[Sequence[float | None]]) -> str:
    """The marks of all turns as a short text."""
    import numpy as np

    rows = [[math.nan if mark is None else mark for mark in row] for row in marks]
    content = zlib.compress(np.array(rows, dtype="<f4").tobytes(), 9)
    return base64.b64encode(content).decode()


def unpacked(text: str, objectives: int) -> Array:
    """What `packed` wrote: a row for each turn."""
    import numpy as np

    content = zlib.decompress(base64.b64decode(text))
    return np.frombuffer(content, dtype="<f4").astype(np.float64).reshape(-1, objectives)


def _alike(ours: Array, theirs: Array) -> bool:
    import numpy as np

    return bool(np.array_equal(ours.astype(np.float32), theirs.astype(np.float32), equal_nan=True))


def _below(z: float) -> float:
    """How likely a standard normal number is below ``z``."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
