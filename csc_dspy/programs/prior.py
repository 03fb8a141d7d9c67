"""How likely each strategy is to come next, from the strategies so far alone.

A softmax regression on what can be read off the sequence: the last three strategies, which have been used
and which more than once, and how many turns the supporter has had. Fitted on training dialogues; a few
kilobytes of plain JSON.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Strategy, Taxonomy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ORDER: Final = ("last", "before", "third")
_START: Final = "-"
_PER_BUCKET: Final = 2
_BUCKETS: Final = 6
# Chosen on rolecs-sample by log likelihood on held-out dialogues; both languages are flat around it.
_PENALTY: Final = 5.0
_ROUNDS: Final = 300
_RATE: Final = 0.1
_MOMENTUM: Final = 0.9
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class TransitionPrior:
    """P(next strategy | strategies so far)."""

    strategies: tuple[str, ...]
    """Ids of the taxonomy's strategies, in order."""
    weights: Mapping[str, tuple[float, ...]]
    """For each feature, what it adds to the score of each strategy."""

    @classmethod
    def fit(cls, conversations: Iterable[Conversation], taxonomy: Taxonomy) -> TransitionPrior:
        """Fit on the labelled supporter turns of ``conversations``. The same data give the same prior."""
        return cls.fit_steps(_steps(conversations), taxonomy)

    @classmethod
    def fit_steps(
        cls, steps: Iterable[tuple[Sequence[Strategy | None], Strategy]], taxonomy: Taxonomy
    ) -> TransitionPrior:
        """`fit` on single turns: the strategies so far, and the one that came next."""
        states: list[tuple[str, ...]] = []
        targets: list[int] = []
        for so_far, strategy in steps:
            states.append(tuple(_features([each.id if each else None for each in so_far])))
            targets.append(taxonomy.strategies.index(strategy))
        if not targets:
            raise DataError("no labelled supporter turn to fit the transition prior on")
        features = sorted({feature for state in states for feature in state})
        fitted = _softmax(states, targets, features, len(taxonomy.strategies))
        weights = {
            feature: tuple(round(float(value), _DIGITS) for value in row)
            for feature, row in zip(features, fitted, strict=True)
        }
        return cls(tuple(strategy.id for strategy in taxonomy.strategies), weights)

    def probabilities(self, so_far: Sequence[Strategy | None]) -> dict[str, float]:
        """How likely each strategy is after those so far, by its id. Unlabelled turns count as turns only."""
        scores = [0.0] * len(self.strategies)
        for feature in _features([strategy.id if strategy else None for strategy in so_far]):
            for index, weight in enumerate(self.weights.get(feature, ())):
                scores[index] += weight
        highest = max(scores)
        odds = [math.exp(score - highest) for score in scores]
        total = sum(odds)
        return {strategy: value / total for strategy, value in zip(self.strategies, odds, strict=True)}

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "strategies": list(self.strategies),
            "weights": {feature: list(row) for feature, row in self.weights.items()},
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> TransitionPrior:
        """The prior that `to_dict` wrote."""
        weights = {feature: tuple(map(float, row)) for feature, row in content["weights"].items()}
        return cls(tuple(content["strategies"]), weights)


def _features(so_far: Sequence[str | None]) -> Iterator[str]:
    """The features of a sequence of strategies."""
    yield "bias"
    for distance, name in enumerate(_ORDER, start=1):
        strategy = so_far[-distance] if len(so_far) >= distance else _START
        if strategy is not None:
            yield f"{name}:{strategy}"
    for strategy, count in Counter(so_far).items():
        if strategy is not None:
            yield f"used:{strategy}"
            if count > 1:
                yield f"repeated:{strategy}"
    yield f"turns:{min(len(so_far) // _PER_BUCKET, _BUCKETS - 1)}"


def _steps(
    conversations: Iterable[Conversation],
) -> Iterator[tuple[Sequence[Strategy | None], Strategy]]:
    for conversation in conversations:
        so_far: list[Strategy | None] = []
        for _, turn in conversation.supporter_turns():
            if turn.strategy is not None:
                yield tuple(so_far), turn.strategy
            so_far.append(turn.strategy)


def _softmax(
    states: Sequence[tuple[str, ...]], targets: Sequence[int], features: Sequence[str], classes: int
) -> NDArray[np.float64]:
    """Weights of a penalised softmax regression, by gradient steps with momentum from zero."""
    import numpy as np

    # Dialogues share most of their states: equal rows are counted, not repeated.
    rows = {state: row for row, state in enumerate(dict.fromkeys(states))}
    column = {feature: index for index, feature in enumerate(features)}
    inputs = np.zeros((len(rows), len(features)))
    for state, row in rows.items():
        inputs[row, [column[feature] for feature in state]] = 1
    counts = np.zeros((len(rows), classes))
    for state, target in zip(states, targets, strict=True):
        counts[rows[state], target] += 1
    weight = counts.sum(axis=1, keepdims=True)

    fitted = np.zeros((len(features), classes))
    step = np.zeros_like(fitted)
    for _ in range(_ROUNDS):
        scores = inputs @ fitted
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        expected = weight * odds / odds.sum(axis=1, keepdims=True)
        gradient = (inputs.T @ (expected - counts) + _PENALTY * fitted) / len(targets)
        step = _MOMENTUM * step - _RATE * gradient
        fitted += step
    return fitted
