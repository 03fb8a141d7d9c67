"""One program for conversations in several languages."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from csc_dspy.conversations import Conversation, detect_language
from csc_dspy.programs import History, Program, Situation, SupportPrediction
from csc_dspy.programs.history import as_conversation
from csc_dspy.taxonomy import Language, Strategy


class ByLanguage(Program):
    """Compiled programs of one kind, of which each conversation gets the one in its language.

    A conversation in a language that none is for gets the first.
    """

    def __init__(self, programs: Mapping[Language, Program]) -> None:
        first = next(iter(programs.values()))
        super().__init__(first.options)
        self.name = first.name  # type: ignore[misc]  # of a class otherwise; this one is of any kind
        self.programs = dict(programs)
        self.compiled_for = first.compiled_for

    def steps(self, situation: Situation) -> Generator[Any, Any, SupportPrediction]:
        """What the program in the language of the situation asks."""
        return self.in_language(situation.language).steps(situation)

    def questions(
        self, history: History = (), turn: str | None = None, strategy: str | Strategy | None = None
    ) -> Generator[Any, Any, SupportPrediction]:
        """All that the program for the conversation would ask."""
        conversation = as_conversation(history, self.options.taxonomy)
        program = self.for_conversation(conversation, turn)
        return program.questions(conversation, turn, strategy)

    def for_conversation(self, conversation: Conversation, turn: str | None = None) -> Program:
        """The program in the language of a conversation, or of the coming turn where it begins one."""
        spoken = conversation.spoken_language
        if not conversation.dialogue and conversation.language is None and turn:
            spoken = detect_language(turn)
        return self.in_language(spoken)

    def in_language(self, language: Language) -> Program:
        """The program in a language."""
        return self.programs.get(language) or next(iter(self.programs.values()))
