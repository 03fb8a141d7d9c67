"""The result of an evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from csc_dspy.evaluation.contexts import CONTEXTS, Context
from csc_dspy.evaluation.scoring import Score
from csc_dspy.evaluation.tables import Grid, score_grid


@dataclass(frozen=True)
class Evaluation:
    """Scores of a system, in one context or both."""

    content: Mapping[str, Any]
    """What ``scores.json`` holds."""
    other: Evaluation | None = None
    """That of the system it was compared with."""

    @property
    def contexts(self) -> tuple[Context, ...]:
        """The contexts that were evaluated."""
        return tuple(context for context in CONTEXTS if context in self.content)

    @property
    def scores(self) -> dict[Context, dict[str, Score]]:
        """Every score by context and name: ``scores["reference"]["ACC"].value``."""
        return {
            context: {name: Score(**each) for name, each in self.content[context].items() if is_score(each)}
            for context in self.contexts
        }

    @property
    def comparison(self) -> dict[Context, dict[str, Mapping[str, Any]]]:
        """For each context and headline metric the difference to ``other``; empty if there is none."""
        found = self.content.get("comparison", {})
        return {context: found[context] for context in self.contexts if context in found}

    @property
    def failures(self) -> int:
        """How many turns have no answer."""
        failures: int = sum(self.content[context]["failures"] for context in self.contexts)
        return failures

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data, as ``scores.json`` has it."""
        plain: dict[str, Any] = json.loads(json.dumps(self.content))
        return plain

    def table(self, *, published: bool = False) -> Grid:
        """The headline scores as a table; ``published`` puts what was published on CSConv below."""
        return score_grid(self.content, published=published)


def is_score(value: object) -> bool:
    """Whether this is a score among the other things that are known of a context."""
    return isinstance(value, dict) and value.keys() == {"value", "low", "high"}
