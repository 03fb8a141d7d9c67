"""Bringing together what classifier, rules and near-duplicates say of each row of a corpus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.auditing.cross_validation import FOLDS, calibrated, folds_of, out_of_fold
from csc_dspy.auditing.rules import STAGE_APART
from csc_dspy.exceptions import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.auditing.gathering import Gathered
    from csc_dspy.lm.embedded.sparse import Rows

    Array = NDArray[np.float32]
    Whole = NDArray[np.int64]

# Whatever the classifier says, it can be outvoted.
_SUREST: Final = 5.0
_MOST_NEAR: Final = 2.0
_LEAST_NEAR: Final = -1.0
_ONLY_LEARNED: Final = -1


@dataclass(frozen=True, slots=True)
class Near:
    """How many turns say nearly the same as one, and how many of them have which other label most often."""

    turns: int
    others: int
    label: int
    weight: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of all rows of a corpus, in its order."""

    strategies: Array
    """The calibrated probability of every strategy."""
    stages: Array | None
    """The same of stages; None where too few are given."""
    near: Mapping[int, Near]
    strategy_scores: Array
    """Log odds that the given strategy is wrong."""
    stage_scores: Array
    """The same of the given stage; minus infinity where none is given."""

    @property
    def scores(self) -> Array:
        """Of each row the greater one of both."""
        import numpy as np

        greater: Array = np.maximum(self.strategy_scores, self.stage_scores)
        return greater


def judge(gathered: Gathered, *, seed: int) -> Judged:
    """Judge every row; DataError where there is too little to learn from."""
    import numpy as np

    _require_enough(gathered)
    rows, folds, own = gathered.features.rows(), _folds(gathered, seed), gathered.judged
    strategies, stages = np.array(gathered.strategies, np.int64), np.array(gathered.stages, np.int64)
    strategy_shares = _shares(rows, strategies, folds, len(gathered.taxonomy.strategies), seed)[:own]
    scores = _doubts(strategy_shares, strategies[:own])
    for number, broken in gathered.broken.items():
        scores[number] += sum(rule.weight for rule in broken)
    near = _near(gathered)
    for number, found in near.items():
        scores[number] += found.weight
    if not _has_stages(gathered):
        return Judged(strategy_shares, None, near, scores, np.full(own, -np.inf, np.float32))
    stage_shares = _shares(rows, stages, folds, len(gathered.taxonomy.stages), seed)[:own]
    stage_scores = _doubts(stage_shares, stages[:own])
    for number, broken in gathered.broken.items():
        stage_scores[number] += sum(rule.weight for rule in broken if rule.id == STAGE_APART)
    stage_scores[stages[:own] < 0] = -np.inf
    return Judged(strategy_shares, stage_shares, near, scores, stage_scores)


def _require_enough(gathered: Gathered) -> None:
    remedy = "audit more conversations at once, or name others to learn from as training data"
    if not gathered.judged:
        raise DataError(
            "no turn has a strategy",
            remedy="an audit looks for wrong labels; label the supporter's turns first",
        )
    if len(set(gathered.strategies)) == 1:
        raise DataError("all turns have the same strategy, so nothing tells wrong from right", remedy=remedy)
    if len(gathered.strategies) == gathered.judged and len({*gathered.dialogues}) == 1:
        raise DataError("one dialogue alone has labels, and it cannot be judged by itself", remedy=remedy)


def _has_stages(gathered: Gathered) -> bool:
    return len({stage for stage in gathered.stages if stage >= 0}) > 1


def _folds(gathered: Gathered, seed: int) -> Whole:
    """The fold of each row; negative for those that are only learned from."""
    import numpy as np

    fold = np.array(folds_of(gathered.digests, FOLDS, seed), np.int64)
    folds = np.full(len(gathered.strategies), _ONLY_LEARNED, np.int64)
    folds[: gathered.judged] = fold[np.array(gathered.dialogues, np.int64)]
    return folds


def _shares(rows: Rows, targets: Whole, folds: Whole, labels: int, seed: int) -> Array:
    own = folds >= 0
    found = out_of_fold(rows, targets, folds, labels, seed=seed)
    return calibrated(found[own], targets[own])


def _doubts(shares: Array, given: Whole) -> Array:
    """The log odds that the given labels are wrong, as far as the classifier knows."""
    import numpy as np

    right = np.clip(shares[np.arange(len(given)), given], 1e-6, 1 - 1e-6)
    doubts: Array = np.clip(np.log((1 - right) / right), -_SUREST, _SUREST)
    return doubts


def _near(gathered: Gathered) -> dict[int, Near]:
    """What near-duplicates say of the rows that have some."""
    labels: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for one, other in gathered.near.pairs():
        labels[one][gathered.strategies[other]] += 1
        labels[other][gathered.strategies[one]] += 1
    return {row: _found(counts, gathered.strategies[row]) for row, counts in labels.items()}


def _found(counts: Counter[int], given: int) -> Near:
    from math import log

    label, others = max(
        ((label, count) for label, count in counts.items() if label != given),
        key=lambda each: (each[1], -each[0]),
        default=(given, 0),
    )
    weight = log((others + 0.5) / (counts[given] + 1))
    return Near(counts.total(), others, label, min(max(weight, _LEAST_NEAR), _MOST_NEAR))
