"""From a raw row to a conversation, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from csc_dspy.conversations import Conversation
from csc_dspy.data.problems import Flaw, Problem
from csc_dspy.data.readers import RawRow, line_of_turn
from csc_dspy.data.salvage import Salvaged, salvage
from csc_dspy.data.wording import flaw_of
from csc_dspy.taxonomy import Taxonomy

_EMPTY: Final[Flaw] = ("`dialogue` is empty", "remove the row or give it turns")
_NO_SUPPORTER: Final[Flaw] = ("no turn is the supporter's", "a conversation has turns of 客服 (supporter)")
_NO_LABEL: Final[Flaw] = ("a supporter's turn has no strategy", "label it, or allow unlabelled turns")

_Finding = tuple[int | None, Flaw]
"""The turn, if it is one that is wrong, and what is."""


class Checker:
    """Checks the rows of one corpus, each once and in order.

    It remembers all ids, as no two conversations may share one. Nothing else grows with the corpus.
    """

    def __init__(self, taxonomy: Taxonomy, *, require_labels: bool = False) -> None:
        self._taxonomy = taxonomy
        self._require_labels = require_labels
        self._ids: dict[str, str] = {}

    def check(self, row: RawRow) -> Conversation | list[Problem]:
        """The conversation in a row, or all the problems there are with it."""
        if not isinstance(row.value, dict):
            return list(row.problems)
        conversation = None
        findings: list[_Finding] = []
        try:
            conversation = Conversation.model_validate(row.value, context=self._taxonomy)
        except ValidationError as error:
            wrong, turns = salvage(row.value, error, self._taxonomy)
            findings += ((None, flaw_of(each)) for each in wrong)
        else:
            turns = [Salvaged(turn) for turn in conversation.dialogue]
        if turns is not None:
            findings += self._rules(turns)
        findings += self._taken_id(row)
        problems = [*row.problems, *(_problem(row, finding) for finding in findings)]
        return problems if problems or conversation is None else conversation

    def _rules(self, turns: list[Salvaged]) -> Iterator[_Finding]:
        if not turns:
            yield None, _EMPTY
        elif all(turn.is_customers for turn in turns):
            yield None, _NO_SUPPORTER
        for number, turn in enumerate(turns, start=1):
            for error in turn.errors:
                yield number, flaw_of(error)
            if self._require_labels and turn.lacks_label:
                yield number, _NO_LABEL

    def _taken_id(self, row: RawRow) -> Iterator[_Finding]:
        given = row.value.get("id")
        if not isinstance(given, str | int):
            return
        name = str(given)
        if before := self._ids.get(name):
            yield None, (f"the id {name[:60]!r} was used before, at {before!r}", "give each its own, or none")
        else:
            self._ids[name] = f"{row.file}:{row.line}"


def _problem(row: RawRow, finding: _Finding) -> Problem:
    turn, (problem, remedy) = finding
    line = row.line if turn is None or row.text is None else line_of_turn(row.text, row.line, turn)
    return Problem(row.file, line, turn, problem, remedy)
