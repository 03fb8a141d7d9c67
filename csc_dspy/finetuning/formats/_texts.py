"""What every form of file asks of a row before it is written."""

from __future__ import annotations

from typing import Any

from csc_dspy.exceptions import DataError
from csc_dspy.finetuning._base import Message, Row


def answered(text: str) -> Message:
    """An answer as a chat message."""
    return {"role": "assistant", "content": text}


def rejected(row: Row) -> str:
    """The worse answer of a pair; DataError if the row has none."""
    if row.rejected is None:
        raise DataError("has no rejected answer to make a pair of", where=f"row {row.id}")
    return row.rejected


def encodable(value: Any) -> Any:  # noqa: ANN401 - whatever a row of JSON holds
    """The same value, with U+FFFD for every half of a surrogate pair: no file of UTF-8 can hold one."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {key: encodable(each) for key, each in value.items()}
    return [encodable(each) for each in value] if isinstance(value, (list, tuple)) else value
