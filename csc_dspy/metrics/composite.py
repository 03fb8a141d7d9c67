"""One score of one example, for optimizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics.reading import Answer, Gold, in_language, read_answer, read_gold

if TYPE_CHECKING:
    import dspy

Similarity = Callable[[str, str], float]
"""How close a response is to the reference, from 0 to 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each part of an answer counts, in relation to the others."""

    strategy: float = 0.5
    """Whether the strategy is right."""
    stage: float = 0.1
    """Whether the stage is right."""
    response: float = 0.3
    """How close the response is to the reference."""
    probability: float = 0.1
    """The probability given to the right strategy, where probabilities are measured."""

    def __post_init__(self) -> None:
        weights = asdict(self)
        for name, weight in weights.items():
            if not isfinite(weight) or weight < 0:
                raise ConfigError(f"is {weight}", where=f"weight of {name}", remedy="give 0 or more")
        if not any(weights.values()):
            raise ConfigError("all weights are 0", remedy="give at least one part a weight")


def chrf(response: str, reference: str) -> float:
    """The similarity that counts unless another is given."""
    from csc_dspy.metrics import text

    return text.chrf(response, reference)


@dataclass(frozen=True, slots=True)
class Composite:
    """The weighted mean of an answer's parts, from 0 to 1, as DSPy's optimizers take a metric.

    Parts that a program does not answer, or whose right answer is not known, are left out. Optimizers that
    choose demonstrations call with a trace; they get `strict`.
    """

    weights: Weights = field(default_factory=Weights)
    similarity: Similarity = chrf

    def __call__(
        self, example: dspy.Example, prediction: dspy.Prediction | None, trace: object = None
    ) -> float | bool:
        """The score; with a trace, whether the answer is right."""
        return self.score(example, prediction) if trace is None else self.strict(example, prediction)

    def score(self, example: dspy.Example, prediction: dspy.Prediction | None) -> float:
        """The weighted mean; 0 for an answer that is missing because its call failed."""
        gold = read_gold(example)
        return 0.0 if prediction is None else self.mean(self.parts(gold, read_answer(prediction)))

    def strict(
        self, example: dspy.Example, prediction: dspy.Prediction | None, _trace: object = None
    ) -> bool:
        """Whether everything that is answered is right: fit to be shown as a demonstration.

        Strategy and stage are those of the example, and the response has text in the conversation's
        language. What the example does not tell cannot be right.
        """
        gold = read_gold(example)
        if prediction is None:
            return False
        answer = read_answer(prediction)
        checks = []
        if answer.strategy is not None:
            checks.append(answer.strategy == gold.strategy)
        if answer.stage is not None:
            checks.append(answer.stage == gold.stage)
        if answer.response is not None:
            checks.append(bool(answer.response.strip()) and in_language(answer.response, gold.language))
        return bool(checks) and all(checks)

    def parts(self, gold: Gold, answer: Answer) -> dict[str, float]:
        """The parts that can be scored, each from 0 to 1."""
        parts: dict[str, float] = {}
        if gold.strategy is not None and answer.strategy is not None:
            parts["strategy"] = float(answer.strategy == gold.strategy)
        if gold.stage is not None and answer.stage is not None:
            parts["stage"] = float(answer.stage == gold.stage)
        if gold.response is not None and answer.response is not None:
            parts["response"] = self.similarity(answer.response, gold.response) / 100
        if gold.strategy is not None and answer.strategy_probabilities:
            parts["probability"] = answer.strategy_probabilities.get(gold.strategy.id, 0.0)
        return parts

    def mean(self, parts: Mapping[str, float]) -> float:
        """The parts by their weights; ConfigError where none of them counts."""
        weights: dict[str, float] = {name: getattr(self.weights, name) for name in parts}
        total = sum(weights.values())
        if not total:
            counting = ", ".join(name for name, weight in asdict(self.weights).items() if weight)
            raise ConfigError(
                f"there is nothing to score: what counts is {counting}, "
                f"and what is both known and answered is {', '.join(parts) or 'nothing'}",
                remedy="give other weights, or examples with labels",
            )
        return sum(weights[name] * part for name, part in parts.items()) / total
