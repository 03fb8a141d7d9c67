"""Rows on disk between making and choosing them, so that none has to be made, or asked about, twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from csc_dspy.finetuning._base import Message, Row
from csc_dspy.finetuning.rows import LeftOut
from csc_dspy.finetuning.streaming import Made

_REMEMBERED: Final = 256
_NAMES: Final = tuple(field.name for field in fields(Row) if field.name != "messages")


class Spool:
    """A temporary file of rows, in their order. What many of them begin with is kept in memory instead."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._openings: list[list[Message]] = []
        self._known: dict[tuple[int, ...], int] = {}

    def fill(self, rows: Iterable[Made | LeftOut]) -> Iterator[Made | LeftOut]:
        """The rows, each once it is in the file."""
        with self._path.open("w", encoding="utf-8") as stream:
            for each in rows:
                # Half a surrogate pair is an escape here, so whatever text there is can be written.
                stream.write(f"{json.dumps(self._packed(each))}\n")
                yield each

    def __iter__(self) -> Iterator[Made | LeftOut]:
        with self._path.open(encoding="utf-8") as stream:
            yield from (self._unpacked(json.loads(line)) for line in stream)

    def _packed(self, each: Made | LeftOut) -> dict[str, Any]:
        if isinstance(each, LeftOut):
            return asdict(each)
        row = each.row
        return {
            "row": [getattr(row, name) for name in _NAMES],
            "opening": self._place(list(row.messages[:-1])),
            "question": row.messages[-1],
            "about": [each.part, each.tokens, each.drawn],
        }

    def _unpacked(self, entry: dict[str, Any]) -> Made | LeftOut:
        if "row" not in entry:
            return LeftOut(**entry)
        opening = entry["opening"]
        before = self._openings[opening] if isinstance(opening, int) else opening
        values = dict(zip(_NAMES, entry["row"], strict=True))
        return Made(Row(messages=[*before, entry["question"]], **values), *entry["about"])

    def _place(self, opening: list[Message]) -> int | list[Message]:
        """Where messages are kept; they themselves where too many different ones have come already."""
        key = tuple(map(id, opening))
        if key not in self._known:
            if len(self._openings) == _REMEMBERED:
                return opening
            # Kept alive, so that no others can have the same identities.
            self._known[key] = len(self._openings)
            self._openings.append(opening)
        return self._known[key]
