"""Many conversations judged at once."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from csc_dspy.concurrency import in_order
from csc_dspy.conversations import Conversation, history_key
from csc_dspy.evaluation.judging._base import Judge, Judgement
from csc_dspy.evaluation.judging.labels import conversation_name
from csc_dspy.exceptions import CSCError
from csc_dspy.journal import Journal, content_key
from csc_dspy.lm.failures import ends_a_run


@dataclass(frozen=True, slots=True)
class Judged:
    """A conversation's judgement, or why there is none."""

    name: str
    """The conversation's id, or the beginning of its hash."""
    judgement: Judgement | None = None
    error: str | None = None

    def row(self) -> dict[str, Any]:
        """As plain data."""
        findings = self.judgement.to_dict() if self.judgement else None
        return {"dialogue": self.name, "findings": findings, "error": self.error}


class Judging:
    """Judges conversations; failures of single ones are results too, and counted.

    ``rollout`` tells repeated judgings of the same conversations apart: each asks with a seed of its own.
    """

    def __init__(
        self,
        judge: Judge,
        journal: Journal | None = None,
        *,
        rollout: int | None = None,
        temperature: float | None = None,
    ) -> None:
        self.failed = 0
        self._judge = judge
        self._journal = journal
        self._asked: dict[str, Any] = {"rollout": rollout, "temperature": temperature}

    @property
    def identity(self) -> dict[str, Any]:
        """What judgements depend on besides the conversation and the language model."""
        return {
            "judge": self._judge.name,
            "content": content_key(self._judge.dump_state()),
            "language": self._judge.language,
            "taxonomy": self._judge.taxonomy.fingerprint,
            **self._asked,
        }

    def judge_all(
        self, conversations: Iterable[Conversation], concurrency: int = 32
    ) -> Generator[Judged, None, None]:
        """One result for each conversation, in order. What the journal holds is not asked for again."""
        with closing(in_order(conversations, self._result, concurrency)) as results:
            for result in results:
                self.failed += result.error is not None
                yield result

    async def _result(self, conversation: Conversation) -> Judged:
        name, key = conversation_name(conversation), self._key(conversation)
        if self._journal is not None and key in self._journal:
            return Judged(name, Judgement.from_dict(self._journal.get(key)))
        try:
            judgement = await self._judge.acall(conversation, **self._asked)
        except CSCError as error:
            if ends_a_run(error):
                raise
            return Judged(name, error=str(error))
        if self._journal is not None:
            self._journal.record(key, judgement.to_dict())
        return Judged(name, judgement)

    def _key(self, conversation: Conversation) -> str:
        """A key for all that judges may be shown of a conversation; several rollouts may share a journal."""
        about = (conversation.topic, conversation.scenario, conversation.customer_goal)
        return history_key(conversation, *about, repr(conversation.profile), self._asked["rollout"])
