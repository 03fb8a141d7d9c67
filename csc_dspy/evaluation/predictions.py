"""What a system said of a turn, and how that is written down."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from csc_dspy.conversations import TurnExample
from csc_dspy.evaluation.contexts import Context
from csc_dspy.exceptions import CSCError, DataError
from csc_dspy.lm.measuring import Usage
from csc_dspy.metrics import Attempt, Predicted
from csc_dspy.programs.results import plain
from csc_dspy.taxonomy import Stage, Strategy, Taxonomy

M = TypeVar("M", Stage, Strategy)

_SUM_IS_ONE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said of one supporter turn, and what that took, as far as it is known."""

    context: Context
    dialogue: str
    example: TurnExample
    predicted: Predicted
    usage: Usage | None = None
    seconds: float | None = None

    @property
    def attempt(self) -> Attempt:
        """What metrics look at."""
        return Attempt(self.example, self.predicted)

    def row(self) -> dict[str, Any]:
        """A line of ``predictions.jsonl``. What differs between equal runs stands at the end."""
        said = self.predicted
        spoken = plain(said.stage, said.strategy, said.response, said.strategy_probabilities)
        place = {"context": self.context, "dialogue": self.dialogue, "turn": self.example.index}
        return {**place, **spoken, "error": said.error, **self._effort()}

    def _effort(self) -> dict[str, Any]:
        effort: dict[str, Any] = {}
        if self.usage is not None:
            effort |= {name: getattr(self.usage, name) for name in _COUNTED}
        if self.seconds is not None:
            effort["seconds"] = self.seconds
        return effort


_COUNTED: Final = ("calls", "input_tokens", "output_tokens", "cached_tokens")


def read_prediction(
    row: Mapping[str, Any], context: Context, dialogue: str, example: TurnExample, taxonomy: Taxonomy
) -> Prediction:
    """What a row says of a turn; DataError if it cannot be understood."""
    counted = {name: _number(row, name, int) for name in _COUNTED if row.get(name) is not None}
    seconds = None if row.get("seconds") is None else _number(row, "seconds", float)
    usage = Usage(**counted) if counted else None
    return Prediction(context, dialogue, example, read_predicted(row, taxonomy), usage, seconds)


def read_predicted(row: Mapping[str, Any], taxonomy: Taxonomy) -> Predicted:
    """What a row predicts, with labels in any spelling; DataError if it cannot be understood."""
    predicted = Predicted(
        stage=_member(row, "stage", taxonomy.stage),
        strategy=_member(row, "strategy", taxonomy.strategy),
        response=_text(row, "response"),
        strategy_probabilities=_probabilities(row, taxonomy),
        error=_text(row, "error"),
    )
    if predicted == Predicted():
        raise DataError(
            "predicts nothing", remedy="give `stage`, `strategy` or `response`, or say why not in `error`"
        )
    return predicted


def _member(row: Mapping[str, Any], key: str, find: Callable[[str | int], M]) -> M | None:
    value = row.get(key)
    return None if value is None else _label(value, key, find)


def _label(value: object, key: str, find: Callable[[str | int], M]) -> M:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise DataError(f"`{key}` is no label: {value!r}"[:120], remedy="give one by id, name or number")
    try:
        return find(value)
    except CSCError as error:
        raise DataError(f"`{key}`: {error.problem}", remedy=error.remedy) from error


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise DataError(f"`{key}` is no text but {value!r}"[:120], remedy="give text, or leave it out")
    return value


def _probabilities(row: Mapping[str, Any], taxonomy: Taxonomy) -> dict[str, float] | None:
    given = row.get("strategy_probabilities")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise DataError("`strategy_probabilities` is no object", remedy="give label → probability")
    found = dict.fromkeys((strategy.id for strategy in taxonomy.strategies), 0.0)
    for label, value in given.items():
        strategy = _label(label, "strategy_probabilities", taxonomy.strategy)
        found[strategy.id] = _number({label: value}, label, float)
    if abs(sum(found.values()) - 1) > _SUM_IS_ONE:
        raise DataError(f"`strategy_probabilities` sum to {sum(found.values()):.3f}", remedy="they sum to 1")
    return found


def _number(row: Mapping[str, Any], key: str, kind: type[int] | type[float]) -> Any:  # noqa: ANN401  of that kind
    value = row[key]
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not fits or value < 0 or kind(value) != value:
        raise DataError(f"`{key}` is {value!r}"[:120], remedy="give a number that is not negative")
    return kind(value)
