"""Conversations that are still going on: what a program is to continue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from csc_dspy.conversations import Conversation
from csc_dspy.data.located import locate
from csc_dspy.data.problems import Problem
from csc_dspy.data.readers import RawRow
from csc_dspy.data.source import parse_source
from csc_dspy.data.wording import flaw_of
from csc_dspy.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row: a conversation, or what is wrong with the row."""

    id: str | None
    conversation: Conversation | None
    problem: Problem | None


def histories(source: str, taxonomy: Taxonomy) -> Iterator[HistoryRow]:
    """Every row of a source, in order. A history may be empty or all the customer's, unlike a whole dialogue.

    Nothing is dropped: a bad row is delivered with its first problem.
    """
    for row in locate(parse_source(source)).rows():
        yield _history(row, taxonomy)


def _history(row: RawRow, taxonomy: Taxonomy) -> HistoryRow:
    named = row.value.get("id") if isinstance(row.value, dict) else None
    name = str(named) if isinstance(named, str | int) else None
    if row.problems:
        return HistoryRow(name, None, row.problems[0])
    try:
        return HistoryRow(name, Conversation.model_validate(row.value, context=taxonomy), None)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        turn = first["loc"][1] + 1 if len(first["loc"]) > 1 and isinstance(first["loc"][1], int) else None
        return HistoryRow(name, None, Problem(row.file, row.line, turn, *flaw_of(first)))
