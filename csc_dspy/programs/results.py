"""What programs answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dspy

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.lm.measuring import Usage
from csc_dspy.taxonomy import Stage, Strategy, Taxonomy


class SupportPrediction(dspy.Prediction):
    """The supporter's coming turn, as far as a program decides it.

    A DSPy prediction whose fields are typed; those that a program does not decide are None.
    """

    stage: Stage | None
    """The stage of the turn, after the rule that it falls back no further than the taxonomy allows."""
    stage_proposed: Stage | None
    """What the language model said: not ``stage`` where the rule was applied, None if it was not asked."""
    strategy: Strategy | None
    strategy_probabilities: Mapping[str, float] | None
    """How likely each strategy is, by its id, where that was measured."""
    response: str | None
    reasoning: str | None
    history: Conversation
    """The conversation with the labels that were used; handed back, nothing is labelled twice."""
    usage: Usage

    def __init__(self, **fields: object) -> None:
        decided = dict.fromkeys(
            ("stage", "stage_proposed", "strategy", "strategy_probabilities", "response", "reasoning")
        )
        super().__init__(**{**decided, "usage": Usage(), **fields})

    @property
    def stage_adjusted(self) -> bool:
        """Whether the rule replaced the stage that the language model proposed."""
        return self.stage_proposed is not None and self.stage_proposed != self.stage

    def with_fields(self, **fields: object) -> SupportPrediction:
        """The same prediction with some fields changed."""
        return SupportPrediction(**{**dict(self.items()), **fields})

    def turn(self) -> Turn:
        """The answer as a turn to append to the conversation."""
        return Turn(speaker="supporter", text=self.response or "", strategy=self.strategy, stage=self.stage)

    def row(self) -> dict[str, Any]:
        """The answer as plain data."""
        return plain(self.stage, self.strategy, self.response, self.strategy_probabilities)


def plain(
    stage: Stage | None,
    strategy: Strategy | None,
    response: str | None,
    probabilities: Mapping[str, float] | None,
) -> dict[str, Any]:
    """What is decided of a turn, as plain data; what is not has no key."""
    row: dict[str, Any] = {}
    if stage is not None:
        row["stage"] = stage.id
    if strategy is not None:
        row["strategy"] = strategy.id
        row["strategy_number"] = strategy.number
    if response is not None:
        row["response"] = response
    if probabilities is not None:
        row["strategy_probabilities"] = dict(probabilities)
    return row


def joined(*reasoning: str | None) -> str | None:
    """The reasoning of several answers, one after the other."""
    return "\n".join(filter(None, reasoning)) or None


def probabilities_by_id(measured: Mapping[str, float] | None, taxonomy: Taxonomy) -> dict[str, float] | None:
    """Measured probabilities of strategy names, by the strategies' ids."""
    if measured is None:
        return None
    return {taxonomy.strategy(name).id: value for name, value in measured.items()}


def stage_probabilities_by_id(
    measured: Mapping[str, float] | None, taxonomy: Taxonomy
) -> dict[str, float] | None:
    """Measured probabilities of stage names, by the stages' ids."""
    if measured is None:
        return None
    return {taxonomy.stage(name).id: value for name, value in measured.items()}
