"""Small dialogues with predictions, written down in one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from csc_dspy.conversations import Conversation, turn_examples
from csc_dspy.metrics import Attempt, Dialogue, Metric, Predicted, metric
from csc_dspy.taxonomy import Language, Stage, Strategy, Taxonomy, load_taxonomy

SPOKEN: dict[Language, tuple[str, str]] = {
    "zh": ("我的卡被吞了，怎么办？", "您先别急，我马上给您看。"),
    "en": ("My card was swallowed, what now?", "Don't worry, I'm looking at it right now."),
}
NONE = "?"
"""Not labelled, or not answered."""

Probabilities = Mapping[str, float]
Member = TypeVar("Member", Stage, Strategy)


def dialogue(
    gold: str,
    predicted: str = "",
    *,
    stages: str = "",
    predicted_stages: str = "",
    probabilities: Sequence[Probabilities | None] = (),
    responses: Sequence[str | None] = (),
    taxonomy: str = "copc",
    language: Language = "en",
) -> list[Attempt]:
    """A dialogue whose supporter turns have these strategies and stages, by abbreviation and number.

    Nothing predicted at all means that every call failed.
    """
    framework = load_taxonomy(taxonomy)
    turns = []
    for label, stage in zip(gold.split(), stages.split() or repeat(""), strict=False):
        turns.append({"speaker": "customer", "text": SPOKEN[language][0]})
        strategy = "" if label == NONE else label
        turns.append(
            {"speaker": "supporter", "text": SPOKEN[language][1], "strategy": strategy, "stage": stage}
        )
    conversation = Conversation.model_validate({"dialogue": turns, "language": language}, context=framework)
    examples = [*turn_examples([conversation])]
    return [
        Attempt(
            example,
            Predicted(
                strategy=_nth(predicted.split(), place, framework.strategy),
                stage=_nth(predicted_stages.split(), place, framework.stage),
                strategy_probabilities=by_id(framework, probabilities[place] if probabilities else None),
                response=responses[place] if responses else None,
            ),
        )
        for place, example in enumerate(examples)
    ]


def by_id(taxonomy: Taxonomy, probabilities: Probabilities | None) -> Probabilities | None:
    """Probabilities by abbreviation as probabilities by id."""
    return probabilities and {taxonomy.strategy(name).id: value for name, value in probabilities.items()}


def score(name: str, *dialogues: Dialogue, taxonomy: str = "copc") -> float:
    """The value of a metric over dialogues."""
    return value_of(metric(name, load_taxonomy(taxonomy)), dialogues)


def value_of(scored_by: Metric, dialogues: Sequence[Dialogue]) -> float:
    return float(scored_by.value(scored_by.tallies(dialogues).sum(0)))


def at_random(
    seed: int, taxonomy: str = "copc", turns: int = 40, dialogues: int = 6, missing: float = 0.1
) -> list[list[Attempt]]:
    """Dialogues in both languages in which anything may be labelled, predicted or missing."""
    rng = np.random.default_rng(seed)
    framework = load_taxonomy(taxonomy)
    labels = [each.abbreviation for each in framework.strategies]
    numbers = [str(each.number) for each in framework.stages]

    def drawn(names: Sequence[str], without: float) -> str:
        return " ".join(
            NONE if rng.random() < without else names[int(rng.integers(len(names)))] for _ in range(turns)
        )

    def probabilities() -> list[Probabilities | None]:
        table: NDArray[np.float64] = rng.dirichlet(np.full(len(labels), 0.3), size=turns)
        return [
            None if rng.random() < missing else dict(zip(labels, row.tolist(), strict=True)) for row in table
        ]

    return [
        dialogue(
            drawn(labels, missing),
            drawn(labels, missing),
            stages=drawn(numbers, 0),
            predicted_stages=drawn(numbers, missing),
            probabilities=probabilities(),
            responses=[
                None if rng.random() < missing else SPOKEN[language][place % 2] for place in range(turns)
            ],
            taxonomy=taxonomy,
            language=language,
        )
        for language in (("zh", "en") * dialogues)[:dialogues]
    ]


def _nth(labels: Sequence[str], place: int, read: Callable[[str], Member]) -> Member | None:
    return read(labels[place]) if labels and labels[place] != NONE else None
