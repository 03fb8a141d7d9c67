"""What a classifier that has not seen a dialogue says of the labels in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.lm.embedded.regression import fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.lm.embedded.sparse import Rows

    Array = NDArray[np.float32]
    Whole = NDArray[np.int64]

FOLDS: Final = 5
_AT_ONCE: Final = 4096


def folds_of(digests: Sequence[bytes], folds: int, seed: int) -> list[int]:
    """The fold of each dialogue, all as large as can be; dialogues that say the same are in the same."""
    import random

    different = sorted(set(digests))
    random.Random(seed).shuffle(different)
    fold = {digest: place % folds for place, digest in enumerate(different)}
    return [fold[digest] for digest in digests]


def out_of_fold(
    rows: Rows,
    targets: Whole,
    folds: Whole,
    labels: int,
    *,
    seed: int = 0,
) -> Array:
    """The probability of each label in each row, by a model of the other folds.

    A row whose fold is negative is only learned from, one whose target is negative only judged.
    """
    import numpy as np

    found = np.zeros((len(targets), labels), np.float32)
    for fold in range(int(folds.max()) + 1):
        learned = np.flatnonzero((folds != fold) & (targets >= 0))
        judged = np.flatnonzero(folds == fold)
        if not len(learned):
            found[judged] = 1 / labels
            continue
        weights = fit(rows.some(learned), targets[learned], labels, seed=seed)
        for begin in range(0, len(judged), _AT_ONCE):
            some = judged[begin : begin + _AT_ONCE]
            found[some] = _softmax(rows.some(some).times(weights[:-1]) + weights[-1])
    return found


def calibrated(found: Array, targets: Whole) -> Array:
    """Probabilities by how likely each label usually is where it is given.

    A label that the classifier hardly ever dares to name is not wrong for that. The square root goes half
    the way, because for labels with few turns the usual probability is itself unsure.
    """
    import numpy as np

    usual = np.ones(found.shape[1], np.float32)
    for label in range(found.shape[1]):
        if (own := targets == label).any():
            usual[label] = max(float(found[own, label].mean()), 1e-3)
    scaled = found / np.sqrt(usual)
    shares: Array = scaled / scaled.sum(axis=1, keepdims=True)
    return shares


def _softmax(scores: NDArray[Any]) -> Array:
    import numpy as np

    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = odds / odds.sum(axis=1, keepdims=True)
    return shares
