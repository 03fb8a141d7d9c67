"""Reading fine-tuning rows back: from chat messages, as our adapter writes them, to the fields in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from csc_dspy.exceptions import DataError

_MARKER: Final = re.compile(r"^\[\[ ## (\w+) ## \]\]\n?", re.MULTILINE)
_REMINDER: Final = "\n\nRespond with the corresponding output fields"
_END: Final = "completed"


@dataclass(frozen=True, slots=True)
class Row:
    """A solved task."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def read_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """The tasks in rows of ``{"messages": […]}``; DataError at the first that is none."""
    for number, row in enumerate(rows, 1):
        found = _row(row)
        if found is None:
            raise DataError(
                "is not a question in messages with its answer, as csc-dspy's adapter writes them",
                where=f"fine-tuning row {number}",
                remedy="make the rows with csc_dspy.lm.Adapter",
            )
        yield found


def _row(row: Mapping[str, Any]) -> Row | None:
    match row:
        case {
            "messages": [
                *_,
                {"role": "user", "content": str(question)},
                {"role": "assistant", "content": str(answer)},
            ]
        }:
            inputs = _fields(question.rpartition(_REMINDER)[0] or question)
            outputs = _fields(answer)
            outputs.pop(_END, None)
            return Row(inputs, outputs) if inputs and outputs else None
        case _:
            return None


def _fields(text: str) -> dict[str, str]:
    _, *parts = _MARKER.split(text)
    return {name: value.strip() for name, value in zip(parts[::2], parts[1::2], strict=True)}
