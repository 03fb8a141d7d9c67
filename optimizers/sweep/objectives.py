"""What trials are compared by: how good the answers are, and what they take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, cast

from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics.composite import Composite, Weights, chrf
from csc_dspy.metrics.mean_composite import MeanComposite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.conversations import TurnExample
    from csc_dspy.evaluation.predictions import Prediction
    from csc_dspy.lm import Price
    from csc_dspy.lm.measuring import Usage
    from csc_dspy.metrics import Attempt, Metric
    from csc_dspy.programs import Program

    Array = NDArray[np.float64]

_THOUSAND: Final = 1000
_QUALITY: Final = {
    "accuracy": "strategy",
    "macro-f1": "strategy",
    "mid": "strategy",
    "stage-accuracy": "stage",
    "chrf": "response",
    "composite": None,
}
"""With the answer that is needed; the composite takes what there is."""
_COSTS: Final = ("tokens-per-turn", "calls-per-turn", "latency", "usd-per-1000-turns")
OBJECTIVES: Final = (*_QUALITY, *_COSTS)
"""Names of all; of those at the end less is better."""
CONSTRAINTS: Final = tuple(f"max-{name}" for name in _COSTS)
_LIMIT: Final = len("max-")


def is_cost(name: str) -> bool:
    """Whether an objective is what answers take, of which less is better."""
    return name in _COSTS


class _OfTurns(Protocol):
    """A metric that is a mean over turns."""

    def score(self, attempt: Attempt) -> float | None:
        """The score of one turn; None where the turn does not count."""
        ...


class Measure(ABC):
    """An objective on given dialogues."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.maximize = not is_cost(name)

    @abstractmethod
    def mark(self, prediction: Prediction) -> float | None:
        """What one turn contributes, to compare trials turn by turn; None where it does not count."""

    @abstractmethod
    def row(self, predictions: Sequence[Prediction]) -> tuple[float, ...]:
        """The tallies of a dialogue; rows of several dialogues may be added up."""

    @abstractmethod
    def values(self, rows: Array) -> Array:
        """Scores from (sums of) rows, along the last axis."""

    def value(self, rows: Sequence[Sequence[float]]) -> float:
        """The score of dialogues; 0 where there is nothing to score."""
        import numpy as np

        score = float(self.values(np.array(rows, dtype=np.float64).sum(axis=0)))
        return 0.0 if score != score else score  # noqa: PLR0124  only nan differs


class Quality(Measure):
    """How good the answers are, in percent.

    The F1 of strategies is no mean over turns: there, a right turn contributes in inverse proportion to how
    often its strategy is gold, so that all strategies count alike, as they do in the macro F1.
    """

    def __init__(self, name: str, metric: Metric, examples: Iterable[TurnExample]) -> None:
        super().__init__(name)
        self._metric = metric
        self._examples = tuple(examples)

    def mark(self, prediction: Prediction) -> float | None:
        """See `Measure`."""
        gold = prediction.example.turn.strategy
        if self.name == "macro-f1":
            right = prediction.predicted.strategy == gold
            return None if gold is None else self._rarity[gold.id] * right
        if self.name == "chrf":
            said = prediction.predicted.response
            return chrf(said, prediction.example.turn.text) / 100 if said else 0.0
        return cast("_OfTurns", self._metric).score(prediction.attempt)

    def row(self, predictions: Sequence[Prediction]) -> tuple[float, ...]:
        """See `Measure`."""
        [row] = self._metric.tallies([[each.attempt for each in predictions]]).tolist()
        return tuple(row)

    def values(self, rows: Array) -> Array:
        """See `Measure`."""
        return self._metric.value(rows)

    @cached_property
    def _rarity(self) -> dict[str, float]:
        """How much a right turn counts, by its strategy; one on average."""
        from collections import Counter

        counts = Counter(each.turn.strategy.id for each in self._examples if each.turn.strategy)
        return {name: counts.total() / (len(counts) * count) for name, count in counts.items()}


class Cost(Measure):
    """What a turn takes, on average. The time is that of the first asking, also where it is remembered."""

    def __init__(self, name: str, price: Price | None = None) -> None:
        super().__init__(name)
        self._price = price

    def mark(self, prediction: Prediction) -> float:
        """See `Measure`."""
        from csc_dspy.lm.measuring import Usage

        if self.name == "latency":
            return prediction.seconds or 0.0
        usage = prediction.usage or Usage()
        if self.name == "calls-per-turn":
            return float(usage.calls)
        if self.name == "tokens-per-turn":
            return float(usage.input_tokens + usage.output_tokens)
        return _THOUSAND * (dollars(usage, self._price) or 0.0)

    def row(self, predictions: Sequence[Prediction]) -> tuple[float, ...]:
        """See `Measure`."""
        return sum(map(self.mark, predictions)), float(len(predictions))

    def values(self, rows: Array) -> Array:
        """See `Measure`."""
        shares: Array = rows[..., 0] / rows[..., 1]
        return shares


def dollars(usage: Usage, price: Price | None) -> float | None:
    """What answers cost in US dollars; None where the price is not known."""
    if price is None:
        return None
    return price.of(usage.input_tokens, usage.cached_tokens, usage.output_tokens)


@dataclass(frozen=True, kw_only=True)
class Goals:
    """The objectives and constraints of a sweep, as they are for one program."""

    measures: tuple[Measure, ...]
    limits: Mapping[str, float] = field(default_factory=dict)
    """By the names of costs."""
    price: Price | None = None

    def values(self, dialogues: Sequence[Sequence[Prediction]]) -> tuple[float, ...]:
        """The score by each objective."""
        return tuple(each.value([each.row(some) for some in dialogues]) for each in self.measures)

    def marks(self, prediction: Prediction) -> tuple[float | None, ...]:
        """What one turn contributes to each objective."""
        return tuple(each.mark(prediction) for each in self.measures)

    def excess(self, predictions: Sequence[Prediction]) -> dict[str, float]:
        """By how much each limit is passed; not above zero where it is kept."""
        rows = {name: Cost(name, self.price).row(predictions) for name in self.limits}
        return {name: total / turns - self.limits[name] for name, (total, turns) in rows.items()}


def goals(
    names: Sequence[str],
    constraints: Mapping[str, float],
    weights: Weights,
    program: Program,
    examples: Sequence[TurnExample],
    price: Price | None,
) -> Goals:
    """The goals for a program; ConfigError where it is not asked for what counts."""
    return Goals(
        measures=tuple(
            Cost(name, price) if is_cost(name) else Quality(name, _metric(name, program, weights), examples)
            for name in names
        ),
        limits={name[_LIMIT:]: most for name, most in constraints.items()},
        price=price,
    )


def require_answered(names: Iterable[str], program: Program) -> None:
    """ConfigError if a program is not asked for what an objective is about."""
    for name in names:
        if (needed := _QUALITY.get(name)) and needed not in _asked(program):
            raise ConfigError(f"{program.name} is not asked for the {needed} that {name} is about")


def of_text(names: Iterable[str], weights: Weights) -> bool:
    """Whether the text of responses counts."""
    return any(
        _QUALITY.get(name) == "response" or (name == "composite" and weights.response) for name in names
    )


def _metric(name: str, program: Program, weights: Weights) -> Metric:
    from ..objective import objective

    if name == "composite":
        asked = frozenset(_asked(program))
        return MeanComposite(program.options.taxonomy, Composite(weights), asked=asked)
    return objective(name, program).whole


def _asked(program: Program) -> set[str]:
    return {name for each in program.predictors() for name in each.signature.output_fields}
