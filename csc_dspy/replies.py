"""The supporter's next turn for many conversations at once."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from csc_dspy.compiled import PROGRAM_FILE, load
from csc_dspy.concurrency import in_order
from csc_dspy.conversations import Conversation
from csc_dspy.data import HistoryRow
from csc_dspy.exceptions import BudgetError, ConfigError, CSCError, DataError
from csc_dspy.journal import Journal, content_key
from csc_dspy.lm.failures import CallError
from csc_dspy.programs import PROGRAMS, Options, Program, ResponseWriter, StrategyClassifier, create
from csc_dspy.taxonomy import Language, Taxonomy

# Failures that the next conversation would meet as well.
_LASTING: Final = frozenset({"auth", "billing", "unsupported_model", "unknown_model", "not_configured"})

Answer = dict[str, Any]


class Programs:
    """The program asked for, in the language of each conversation.

    ``name`` is a registered name, or the folder or file of a compiled program. A compiled program brings its
    language and all other options with it; those given here stand in for what can be changed afterwards.
    """

    def __init__(
        self,
        name: str,
        *,
        taxonomy: Taxonomy | None = None,
        language: Language | None = None,
        unlabelled: Literal["classify", "unknown"] | None = None,
        history_tokens: int | None = None,
    ) -> None:
        self.name = name
        self.language = language
        given = {"taxonomy": taxonomy, "unlabelled": unlabelled, "history_tokens": history_tokens}
        chosen: dict[str, Any] = {option: value for option, value in given.items() if value is not None}
        self._made: dict[Language, Program] = {}
        self._compiled = None if name in PROGRAMS else _compiled(name, language, chosen)
        self.options = self._compiled.options if self._compiled else Options(**chosen)

    @property
    def identity(self) -> dict[str, Any]:
        """What answers depend on besides the conversation and the language model."""
        return {
            "program": self.name,
            "content": self._compiled and content_key(self._compiled.dump_state()),
            "language": self.language,
            "taxonomy": self.options.taxonomy.fingerprint,
            "unlabelled": self.options.unlabelled,
            "history-tokens": self.options.history_tokens,
        }

    def for_conversation(self, conversation: Conversation) -> Program:
        """The program for a conversation."""
        return self.in_language(self.language or conversation.spoken_language)

    def in_language(self, language: Language) -> Program:
        """The program whose prompts are in ``language``, where it can be chosen."""
        if self._compiled is not None:
            return self._compiled
        if language not in self._made:
            self._made[language] = create(self.name, replace(self.options, language=language))
        return self._made[language]


def _compiled(name: str, language: Language | None, chosen: dict[str, Any]) -> Program:
    path = Path(name).expanduser()
    if not (path.is_dir() or path.name == PROGRAM_FILE or len(path.parts) > 1):
        # Says which names there are.
        return create(name)
    program = load(path, chosen.get("taxonomy"))
    if language not in {None, program.options.language}:
        raise ConfigError(
            f"was compiled for prompts in {program.options.language!r}, not {language!r}",
            where=name,
            remedy="leave out --language",
        )
    program.options = replace(program.options, **chosen)
    return program


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
        key = _key(conversation)
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


def _key(conversation: Conversation) -> str:
    """A key for what prompts show of a conversation. Its other fields may hold what JSON cannot."""
    turns = [
        (turn.speaker, turn.text, turn.strategy and turn.strategy.id, turn.stage and turn.stage.id)
        for turn in conversation.dialogue
    ]
    return content_key(conversation.language, turns)


def _lasts(error: CSCError) -> bool:
    return isinstance(error, CallError) and error.code in _LASTING
