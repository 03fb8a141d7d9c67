"""What metrics are asked about, and what a metric is.

A metric never sees a whole corpus. It turns each dialogue into a short row of numbers that may be added up,
a tally, and computes its value from a sum of tallies. So an evaluation keeps no texts in memory, and a
bootstrap over dialogues is a product of matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from csc_dspy.conversations import TurnExample
from csc_dspy.taxonomy import Stage, Strategy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Aspect = Literal["stage", "strategy", "response", "strategy_probabilities"]
"""What of an answer a metric looks at."""

Unit = Literal["percent", "number"]
"""Percent is from 0 to 100, as the published tables have it."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a system said of one supporter turn. What it did not say is None and, where asked for, wrong."""

    stage: Stage | None = None
    strategy: Strategy | None = None
    response: str | None = None
    strategy_probabilities: Mapping[str, float] | None = None
    """By the strategies' ids, summing to 1."""
    error: str | None = None
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A supporter turn of an evaluated dialogue, and what was predicted for it.

    Gold are ``example.turn.strategy`` (None where a turn is not labelled), ``example.turn.text``,
    ``example.stage`` and ``example.language``.
    """

    example: TurnExample
    predicted: Predicted


Dialogue = Sequence[Attempt]
"""All attempts of one dialogue, in the order of its turns."""


class Metric(Protocol):
    """A score of dialogues."""

    @property
    def name(self) -> str:
        """The key in results, such as ``B-2``."""
        ...

    @property
    def aspect(self) -> Aspect:
        """What it looks at; a system that never answers that is not scored by it."""
        ...

    @property
    def unit(self) -> Unit:
        """What its values are."""
        ...

    @property
    def higher_is_better(self) -> bool:
        """Whether more is better."""
        ...

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """One row for each dialogue; rows of several dialogues may be added up."""
        ...

    def value(self, tallies: Array) -> Array:
        """The score of (sums of) tallies: any leading axes, tallies along the last; nan where undefined."""
        ...
