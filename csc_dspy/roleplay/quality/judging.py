"""The judge of the paper over dialogues that were played: five criteria, all needed unless told otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import AnswerError, ConfigError, CSCError, LabelError
from csc_dspy.roleplay._base import Flaw, Played

if TYPE_CHECKING:
    from csc_dspy.conversations import Conversation
    from csc_dspy.evaluation.judging import Judgement
    from csc_dspy.taxonomy import Language, Taxonomy

_ASKED: Final = 3
_CRITERIA: Final = 5


@dataclass(frozen=True)
class Verdict:
    """What a judge says of a dialogue, or why nothing could be read of it."""

    threshold: int
    judgement: Judgement | None = None
    error: str | None = None

    @property
    def flaws(self) -> list[Flaw]:
        """Why the dialogue is not kept; nothing if it passed. Without a verdict none has passed."""
        if self.judgement is None:
            return [Flaw("unjudged", self.error or "no verdict")]
        if self.judgement.score >= self.threshold:
            return []
        return [Flaw(each.criterion, each.reason) for each in self.judgement.findings if not each.met]

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for a journal."""
        judgement = self.judgement.to_dict() if self.judgement else None
        return {"threshold": self.threshold, "judgement": judgement, "error": self.error}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Verdict:
        """What `to_dict` wrote."""
        from csc_dspy.evaluation.judging import Judgement

        judgement = data["judgement"]
        return cls(data["threshold"], Judgement.from_dict(judgement) if judgement else None, data["error"])


class Judge:
    """Judges by the language model in force.

    ``threshold`` is how many of the five criteria have to be met. What ends a run, such as a wrong key, is
    raised; an answer that cannot be read is asked for again, each time anew, and then is no verdict.
    """

    def __init__(
        self, taxonomy: Taxonomy, language: Language | None = None, *, threshold: int = _CRITERIA
    ) -> None:
        from csc_dspy.evaluation.judging import RolePlayJudge

        if not 0 <= threshold <= _CRITERIA:
            raise ConfigError(
                f"a threshold of {threshold} does not fit {_CRITERIA} criteria",
                remedy=f"give one from 0 to {_CRITERIA}",
            )
        self.program = RolePlayJudge(taxonomy, language)
        self.threshold = threshold
        self._taxonomy = taxonomy

    @property
    def identity(self) -> dict[str, Any]:
        """What verdicts depend on besides the dialogue and the language model."""
        from csc_dspy.journal import content_key

        return {
            "judge": self.program.name,
            "content": content_key(self.program.dump_state()),
            "language": self.program.language,
            "threshold": self.threshold,
        }

    async def judge(self, played: Played) -> Verdict:
        """The verdict on a dialogue."""
        from csc_dspy.lm.failures import ends_a_run

        conversation, verdict = played.conversation(self._taxonomy), Verdict(self.threshold)
        try:
            for attempt in range(_ASKED):
                verdict = await self._asked(conversation, attempt or None)
                if verdict.judgement:
                    break
        except CSCError as failure:
            if ends_a_run(failure):
                raise
            return Verdict(self.threshold, error=str(failure))
        return verdict

    async def _asked(self, conversation: Conversation, rollout: int | None) -> Verdict:
        try:
            return Verdict(self.threshold, await self.program.acall(conversation, rollout=rollout))
        except (AnswerError, LabelError) as unreadable:
            return Verdict(self.threshold, error=str(unreadable))
