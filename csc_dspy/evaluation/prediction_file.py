"""Predictions in a file: those of an earlier run, or of any other system."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.conversations import Conversation, TurnExample
from csc_dspy.data.readers import RawRow, file_rows
from csc_dspy.evaluation.cases import Overview
from csc_dspy.evaluation.contexts import CONTEXTS, Context
from csc_dspy.evaluation.predictions import Prediction, read_predicted, read_prediction
from csc_dspy.exceptions import DataError
from csc_dspy.metrics import Aspect, Predicted
from csc_dspy.taxonomy import Taxonomy

PREDICTIONS_FILE: Final = "predictions.jsonl"
_ASPECTS: Final[tuple[Aspect, ...]] = ("stage", "strategy", "response", "strategy_probabilities")

_Place = tuple[str, str, int]
"""Context, dialogue and turn."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A row, packed: there may be many."""

    line: int
    row: bytes


class FileSystem:
    """A system of which only the predictions are there: a file, or the folder of an earlier run.

    All rows are read when it is made; DataError names the first that is bad.
    """

    def __init__(self, source: str | Path, taxonomy: Taxonomy) -> None:
        path = Path(source).expanduser()
        self.path = path / PREDICTIONS_FILE if path.is_dir() else path
        if not self.path.is_file():
            raise DataError("there is no such file of predictions", where=str(self.path))
        self.name = str(source)
        self.taxonomy = taxonomy
        self.identity: Mapping[str, Any] = {}
        self._rows: dict[_Place, _Kept] = {}
        aspects: set[Aspect] = set()
        for row in file_rows(self.path):
            aspects |= self._keep(row)
        self.aspects: frozenset[Aspect] = frozenset(aspects)
        found = {context for context, _, _ in self._rows}
        self.contexts: tuple[Context, ...] = tuple(context for context in CONTEXTS if context in found)

    def require_all(self, overview: Overview, contexts: tuple[Context, ...]) -> None:
        """Refuse predictions that do not fit the dialogues one to one, naming the first that does not."""
        for (context, dialogue, turn), kept in self._rows.items():
            if flaw := _misplaced(overview, dialogue, turn):
                raise self._error(kept.line, dialogue, turn, *flaw)
            assert context in CONTEXTS
        for dialogue, shape in overview.shapes.items():
            for context in contexts:
                for turn in sorted(shape.turns):
                    if (context, dialogue, turn) not in self._rows:
                        raise self._missing(context, dialogue, turn)

    async def predict(
        self,
        context: Context,
        dialogue: str,
        example: TurnExample,
        history: Conversation,  # noqa: ARG002  what was predicted is there already
    ) -> Prediction:
        """What the file says."""
        row = json.loads(self._rows[context, dialogue, example.index].row)
        return read_prediction(row, context, dialogue, example, self.taxonomy)

    def _keep(self, row: RawRow) -> set[Aspect]:
        if row.problems:
            raise row.problems[0].as_error("")
        if not isinstance(row.value, dict):
            raise self._error(row.line, None, None, "is no object", "one line holds one prediction")
        context, dialogue, turn = self._place(row.line, row.value)
        if (before := self._rows.get((context, dialogue, turn))) is not None:
            problem = f"is predicted twice in the {context} context, first in line {before.line}"
            raise self._error(row.line, dialogue, turn, problem, "remove one of the lines")
        predicted = self._understood(row.line, dialogue, turn, row.value)
        packed = json.dumps(row.value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._rows[context, dialogue, turn] = _Kept(row.line, packed)
        return {aspect for aspect in _ASPECTS if getattr(predicted, aspect) is not None}

    def _place(self, line: int, row: Mapping[str, Any]) -> _Place:
        context, dialogue, turn = row.get("context", CONTEXTS[0]), row.get("dialogue"), row.get("turn")
        if context not in CONTEXTS:
            remedy = f"contexts are {' and '.join(CONTEXTS)}"
            raise self._error(line, None, None, f"{context!r} is no context"[:120], remedy)
        if not isinstance(dialogue, str | int) or isinstance(dialogue, bool):
            raise self._error(line, None, None, "`dialogue` is missing", "give the dialogue's id")
        if not isinstance(turn, int) or isinstance(turn, bool):
            remedy = "give the turn's place in the dialogue, from 0"
            raise self._error(line, str(dialogue), None, "`turn` is missing", remedy)
        return context, str(dialogue), turn

    def _understood(self, line: int, dialogue: str, turn: int, row: Mapping[str, Any]) -> Predicted:
        try:
            return read_predicted(row, self.taxonomy)
        except DataError as error:
            raise self._error(line, dialogue, turn, error.problem, error.remedy) from error

    def _missing(self, context: Context, dialogue: str, turn: int) -> DataError:
        return self._error(
            None,
            dialogue,
            turn,
            f"is not predicted in the {context} context",
            "every turn of the supporter needs a line, with `error` where a system did not answer",
        )

    def _error(
        self, line: int | None, dialogue: str | None, turn: int | None, problem: str, remedy: str | None
    ) -> DataError:
        place = str(self.path) if line is None else f"{self.path}:{line}"
        place += "" if dialogue is None else f": dialogue {dialogue}"
        place += "" if turn is None else f", turn {turn}"
        return DataError(problem, where=place, remedy=remedy)


def _misplaced(overview: Overview, dialogue: str, turn: int) -> tuple[str, str] | None:
    """What is wrong with the place of a prediction, and what to do about it."""
    shape = overview.shapes.get(dialogue)
    if shape is None:
        return "there is no such dialogue in the data", "predict the dialogues that --data names"
    if not 0 <= turn < shape.length:
        return f"the dialogue has {shape.length} turns", "turns count from 0"
    if turn not in shape.turns:
        return "this turn is the customer's", "predict the supporter's turns alone; turns count from 0"
    return None
