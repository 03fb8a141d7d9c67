"""Rewritten conversations before a judge, who asks what the paper's last filter asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import history_key
from csc_dspy.rewriting._base import Dropped, Transcript
from csc_dspy.rewriting.asking import Asking, AskingStep

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Language, Taxonomy

REASONS: Final = {
    "complete": "incomplete",
    "strategy_true": "untrue_strategies",
    "no_third_party": "third_party",
    "one_strategy": "mixed_strategies",
}
"""Why a conversation is dropped that does not meet a criterion of `csc_dspy.signatures.QUALITY_CRITERIA`."""


class Judging(AskingStep):
    """Drops by the first criterion that is not met, with the judge's reason."""

    name = "judge"

    def __init__(self, asking: Asking, taxonomy: Taxonomy, language: Language | None = None) -> None:
        from csc_dspy.evaluation.judging import QualityJudge

        self._asking = asking
        self._judge = QualityJudge(taxonomy, language)

    @property
    def identity(self) -> Mapping[str, Any]:
        """Who judges."""
        return {"judge": self._judge.name}

    async def taken(self, transcript: Transcript) -> Transcript | Dropped:
        """Have the conversation judged."""
        from csc_dspy.evaluation.judging import Judgement

        conversation = transcript.conversation

        async def judged() -> dict[str, Any]:
            judgement = await self._judge.acall(conversation)
            return dict(judgement.to_dict())

        key = history_key(conversation, self.name, self._judge.language)
        judgement = Judgement.from_dict(await self._asking.once(key, judged))
        for each in judgement.findings:
            if not each.met:
                return self.dropped(REASONS[each.criterion], each.reason, transcript)
        return transcript
