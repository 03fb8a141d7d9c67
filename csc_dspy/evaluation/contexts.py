"""The two contexts in which a supporter turn is predicted.

In the reference context every turn is predicted from the gold history. In the generated context the system's
own turns take the place of the supporter's as the dialogue goes on; the customer's stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, get_args

from csc_dspy.conversations import Turn
from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics import Predicted

Context = Literal["reference", "generated"]
CONTEXTS: Final[tuple[Context, ...]] = get_args(Context)


def as_contexts(names: Iterable[str]) -> tuple[Context, ...]:
    """The contexts of these names, each once and in their usual order; ConfigError if one is unknown."""
    given = {name.strip() for name in names}
    unknown = sorted(given.difference(CONTEXTS))
    if unknown or not given:
        problem = f"{unknown[0]!r} is no context" if unknown else "no context is given"
        raise ConfigError(problem, where="--contexts", remedy=f"contexts are {' and '.join(CONTEXTS)}")
    return tuple(context for context in CONTEXTS if context in given)


def generated_turn(gold: Turn, predicted: Predicted) -> Turn:
    """The gold turn with everything in its place that a system decided; all gold where it failed."""
    own: dict[str, object] = {}
    if predicted.response is not None:
        own["text"] = predicted.response
    if predicted.strategy is not None:
        # A stage that someone gave the gold turn says nothing of a turn with another strategy.
        own |= {"strategy": predicted.strategy, "stage": None}
    if predicted.stage is not None:
        own["stage"] = predicted.stage
    return gold.model_copy(update=own) if own else gold
