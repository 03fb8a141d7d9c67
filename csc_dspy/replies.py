"""The supporter's next turn for many conversations at once."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Any

from csc_dspy.choosing import Programs
from csc_dspy.concurrency import in_order
from csc_dspy.conversations import Conversation, history_key
from csc_dspy.data import HistoryRow
from csc_dspy.exceptions import ConfigError, CSCError, DataError
from csc_dspy.journal import Journal
from csc_dspy.lm.failures import ends_a_run
from csc_dspy.programs import ResponseWriter, StrategyClassifier

Answer = dict[str, Any]


class Replies:
    """Answers histories; failures of single ones are answers too, and counted."""

    def __init__(self, programs: Programs, journal: Journal | None = None) -> None:
        if isinstance(programs.in_language(programs.language or "en"), ResponseWriter):
            raise ConfigError(
                f"{programs.name} writes by a strategy that the caller decides, and here nobody does",
                remedy="support-agent decides it first",
            )
        self.failed = 0
        self._programs = programs
        self._journal = journal

    def answer_all(self, histories: Iterable[HistoryRow], concurrency: int) -> Generator[Answer, None, None]:
        """One answer for each history, in order. What the journal holds is not asked for again."""
        with closing(in_order(histories, self._answer, concurrency)) as answers:
            for answer in answers:
                self.failed += answer.get("error") is not None
                yield answer

    async def _answer(self, history: HistoryRow) -> Answer:
        if not isinstance(history.conversation, Conversation):
            return {"id": history.id, "error": str(history.problem)}
        conversation = history.conversation
        key = history_key(conversation)
        if self._journal is not None and key in self._journal:
            return {"id": conversation.id, **self._journal.get(key)}
        try:
            answer = await self._ask(conversation)
        except CSCError as error:
            if ends_a_run(error):
                raise
            return {"id": conversation.id, "error": str(error)}
        if self._journal is not None:
            self._journal.record(key, answer)
        return {"id": conversation.id, **answer}

    async def _ask(self, conversation: Conversation) -> Answer:
        program = self._programs.for_conversation(conversation)
        if not isinstance(program, StrategyClassifier):
            return {**(await program.acall(history=conversation)).row(), "error": None}
        turns = list(conversation.supporter_turns())
        if not turns:
            raise DataError("no turn is the supporter's", remedy="there is nothing to label")
        index, turn = turns[-1]
        before = conversation.with_turns(conversation.dialogue[:index])
        return {**(await program.acall(history=before, turn=turn.text)).row(), "error": None}
