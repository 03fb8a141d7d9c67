"""The supporter's next turn for many conversations at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from csc_dspy.compiled import PROGRAM_FILE, load
from csc_dspy.concurrency import in_order
from csc_dspy.conversations import Conversation
from csc_dspy.data import HistoryRow
from csc_dspy.exceptions import BudgetError, ConfigError, CSCError, DataError
from csc_dspy.journal import Journal, content_key
from csc_dspy.lm.failures import CallError
from csc_dspy.programs import PROGRAMS, Options, Program, StrategyClassifier, create
from csc_dspy.taxonomy import Language

# Failures that the next conversation would meet as well.
_LASTING: Final = frozenset({"auth", "billing", "unsupported_model", "unknown_model", "not_configured"})

Answer = dict[str, Any]


@dataclass
class Programs:
    """The program asked for, in the language of each conversation."""

    name: str
    """A registered name, or the folder or file of a compiled program."""
    options: Options = field(default_factory=Options)
    language: Language | None = None
    """The language of prompts, where it is not to follow the conversation."""
    _made: dict[Language, Program] = field(default_factory=dict)

    def for_conversation(self, conversation: Conversation) -> Program:
        """The program for a conversation."""
        return self.in_language(self.language or conversation.spoken_language)

    def in_language(self, language: Language) -> Program:
        """The program whose prompts are in ``language``."""
        if language not in self._made:
            self._made[language] = self._make(language)
        return self._made[language]

    def _make(self, language: Language) -> Program:
        if self.name in PROGRAMS:
            return create(self.name, replace(self.options, language=language))
        path = Path(self.name)
        if path.is_dir() or path.name == PROGRAM_FILE:
            return load(path, self.options.taxonomy)
        # Says which names there are.
        return create(self.name)


class Replies:
    """Answers histories; failures of single ones are answers too, and counted."""

    def __init__(self, programs: Programs, journal: Journal | None = None) -> None:
        self.failed = 0
        self._programs = programs
        self._journal = journal

    async def answer_all(
        self, histories: Iterable[HistoryRow], concurrency: int
    ) -> AsyncGenerator[Answer, None]:
        """One answer for each history, in order. What the journal holds is not asked for again."""
        async with aclosing(in_order(histories, self._answer, concurrency)) as answers:
            async for answer in answers:
                self.failed += answer.get("error") is not None
                yield answer

    async def _answer(self, history: HistoryRow) -> Answer:
        if not isinstance(history.conversation, Conversation):
            return {"id": history.id, "error": str(history.problem)}
        conversation = history.conversation
        key = content_key(conversation.row())
        if self._journal is not None and key in self._journal:
            return {"id": conversation.id, **self._journal.get(key)}
        try:
            answer = await self._ask(conversation)
        except CSCError as error:
            if isinstance(error, BudgetError | ConfigError) or _lasts(error):
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


def _lasts(error: CSCError) -> bool:
    return isinstance(error, CallError) and error.code in _LASTING
