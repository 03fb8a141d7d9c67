"""What all judges share: one call a conversation, typed findings, a threshold that cannot be misread."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import dspy

from csc_dspy.conversations import Conversation, render_turn
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.lm import Usage, measuring
from csc_dspy.programs.history import as_conversation
from csc_dspy.signatures import Criterion, parse_verdict
from csc_dspy.taxonomy import LANGUAGES, Language, Taxonomy, load_taxonomy


@dataclass(frozen=True, slots=True)
class Finding:
    """What a judge found under one criterion."""

    criterion: str
    met: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge found in a conversation, one finding for each of its criteria."""

    findings: tuple[Finding, ...]
    usage: Usage = field(default_factory=Usage, compare=False)

    @property
    def score(self) -> int:
        """How many criteria are met."""
        return sum(finding.met for finding in self.findings)

    def passed(self, threshold: int | None = None) -> bool:
        """Whether at least ``threshold`` criteria are met; all of them, unless given."""
        most = len(self.findings)
        if threshold is not None and not 1 <= threshold <= most:
            raise ConfigError(
                f"a threshold of {threshold} does not fit {most} criteria",
                remedy=f"give one from 1 to {most}",
            )
        return self.score >= (most if threshold is None else threshold)

    def met(self) -> dict[str, bool]:
        """The verdicts alone, by criterion."""
        return {finding.criterion: finding.met for finding in self.findings}

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {each.criterion: {"met": each.met, "reason": each.reason} for each in self.findings}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Judgement:
        """What `to_dict` wrote."""
        return cls(tuple(Finding(name, each["met"], each["reason"]) for name, each in data.items()))


class Judge(dspy.Module):
    """A DSPy module that judges whole conversations by a list of criteria.

    It holds no language model: it uses that of ``dspy.context``. Without a ``language`` it asks in the
    language of each conversation.
    """

    name: ClassVar[str]
    criteria: ClassVar[tuple[Criterion, ...]]

    def __init__(self, taxonomy: Taxonomy | None = None, language: Language | None = None) -> None:
        super().__init__()
        self.taxonomy = taxonomy or load_taxonomy()
        self.language = language
        languages = LANGUAGES if language is None else (language,)
        self.predictors = {each: dspy.Predict(self.signature(each)) for each in languages}

    @abstractmethod
    def signature(self, language: Language) -> type[dspy.Signature]:
        """The task in one language."""

    def inputs(self, conversation: Conversation, language: Language) -> dict[str, str]:
        """The fields of the task for a conversation."""
        return {"conversation": numbered(conversation, language)}

    def forward(
        self, conversation: Conversation, rollout: int | None = None, temperature: float | None = None
    ) -> Judgement:
        """The judgement of a conversation whose supporter turns all have their strategies.

        Another ``rollout`` asks anew, with another seed, where an answer is known already.
        """
        predictor, inputs = self._ask(conversation)
        with measuring() as measured:
            values = predictor(**inputs, config=_config(rollout, temperature))
        return self._judgement(values, measured.usage)

    async def aforward(
        self, conversation: Conversation, rollout: int | None = None, temperature: float | None = None
    ) -> Judgement:
        """`forward`, asynchronously."""
        predictor, inputs = self._ask(conversation)
        with measuring() as measured:
            values = await predictor.acall(**inputs, config=_config(rollout, temperature))
        return self._judgement(values, measured.usage)

    def _ask(self, conversation: Conversation) -> tuple[dspy.Predict, dict[str, str]]:
        conversation = as_conversation(conversation, self.taxonomy)
        _check(conversation)
        language = self.language or conversation.spoken_language
        return self.predictors[language], self.inputs(conversation, language)

    def _judgement(self, values: Mapping[str, Any], usage: Usage) -> Judgement:
        findings = (
            Finding(each.id, parse_verdict(values[each.id]), values[each.reason]) for each in self.criteria
        )
        return Judgement(tuple(findings), usage)


def numbered(conversation: Conversation, language: Language) -> str:
    """The conversation with a number before every turn, so that reasons can point at one."""
    return "\n".join(
        f"{number}. {render_turn(turn, language)}" for number, turn in enumerate(conversation.dialogue, 1)
    )


def _check(conversation: Conversation) -> None:
    turns = list(conversation.supporter_turns())
    if not turns:
        raise DataError("no turn is the supporter's", remedy="there is nothing to judge")
    unlabelled = [str(index + 1) for index, turn in turns if turn.strategy is None]
    if unlabelled:
        raise DataError(
            f"has no strategy at turn {', '.join(unlabelled[:5])}{', …' * (len(unlabelled) > 5)}",
            where=conversation.id,
            remedy="label all supporter turns first; whether they follow a strategy is among the questions",
        )


def _config(rollout: int | None, temperature: float | None) -> dict[str, Any]:
    given = {"rollout_id": rollout, "temperature": temperature}
    return {key: value for key, value in given.items() if value is not None}
