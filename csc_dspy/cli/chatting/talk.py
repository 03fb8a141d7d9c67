"""A conversation in progress: what has been said, and what can be asked about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.exceptions import DataError
from csc_dspy.files import atomic_write
from csc_dspy.programs import Program, StreamItem, SupportPrediction
from csc_dspy.taxonomy import Strategy


class Talk:
    """The turns so far, the program that continues them, and its last answer."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.conversation = Conversation(
            dialogue=(), language=program.options.language, taxonomy=program.options.taxonomy
        )
        self.last: SupportPrediction | None = None
        self._forced: Strategy | None = None

    def force(self, label: str) -> Strategy:
        """Decide the strategy of the next answer; LabelError if ``label`` spells none."""
        self._forced = self.conversation.taxonomy.strategy(label)
        return self._forced

    def customer(self, text: str) -> None:
        """The customer says something."""
        self._add(Turn(speaker="customer", text=text))

    def answers(self) -> Iterator[StreamItem]:
        """The program's answer as it comes; it is not yet part of the conversation."""
        for item in self.program.stream(history=self.conversation, strategy=self._forced):
            if isinstance(item, SupportPrediction):
                self.last = item
            yield item
        self._forced = None

    def accept(self) -> None:
        """Take the last answer as the supporter's turn, with the labels that history got on the way."""
        if self.last is None:
            raise DataError("there is no answer yet", remedy="say something first")
        self.conversation = self.last.history
        self._add(self.last.turn())

    def supporter(self, text: str) -> None:
        """The supporter says something else; its strategy is found out when the program goes on."""
        self._add(Turn(speaker="supporter", text=text))

    def undo(self) -> None:
        """Take back the customer's last turn and everything after it."""
        turns = self.conversation.dialogue
        last = max((index for index, turn in enumerate(turns) if turn.speaker == "customer"), default=0)
        self.conversation = self.conversation.with_turns(turns[:last])
        self.last = None

    def save(self, path: Path) -> None:
        """Write the conversation as one line of JSON, as every other command reads it."""
        import json

        if not self.conversation.dialogue:
            raise DataError("there is nothing to save yet", remedy="say something first")
        atomic_write(path, json.dumps(self.conversation.row(), ensure_ascii=False) + "\n")

    def _add(self, turn: Turn) -> None:
        self.conversation = self.conversation.with_turns([*self.conversation.dialogue, turn])
