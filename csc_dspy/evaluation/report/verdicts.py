"""What counts as wrong in a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from csc_dspy.conversations import Conversation
from csc_dspy.metrics import Attempt


@dataclass(frozen=True, slots=True)
class Judge:
    """Tells right from wrong: by strategies, or by stages where the system answers no strategies."""

    strategies: bool
    stages: bool

    @classmethod
    def of(cls, scores: Mapping[str, Any]) -> Judge:
        """For a context with these scores."""
        return cls(scores.get("strategies") is not None, scores.get("stages") is not None)

    def strategy_wrong(self, attempt: Attempt) -> bool:
        """Whether another strategy was expected."""
        gold = attempt.example.turn.strategy
        return self.strategies and gold is not None and attempt.predicted.strategy != gold

    def stage_wrong(self, attempt: Attempt) -> bool:
        """Whether another stage was expected."""
        return self.stages and attempt.predicted.stage != attempt.example.stage

    def wrong(self, attempt: Attempt) -> bool:
        """Whether the answer counts as wrong."""
        return self.strategy_wrong(attempt) if self.strategies else self.stage_wrong(attempt)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A conversation with all that was predicted for it."""

    conversation: Conversation
    attempts: Mapping[str, Sequence[Attempt]]
    """By context."""

    def wrong(self, judges: Mapping[str, Judge]) -> dict[str, int]:
        """How many answers are wrong in each context."""
        return {context: sum(map(judges[context].wrong, of)) for context, of in self.attempts.items()}

    @property
    def answers(self) -> int:
        """How many turns there are to predict, in all contexts together."""
        return sum(map(len, self.attempts.values()))

    @property
    def failures(self) -> int:
        """How many of them have no answer."""
        return sum(each.predicted.error is not None for of in self.attempts.values() for each in of)
