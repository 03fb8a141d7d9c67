"""A row out of columns, as Parquet and the hub have them, made what a row of JSON would be.

Columns hold null where a row has nothing, keep objects of no fixed shape as JSON text, and know types that
JSON does not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from csc_dspy.data.readers._base import RawRow, raw_row
from csc_dspy.data.readers.decoding import NO_NUMBER, Decoder

_DIALOGUE: Final = "dialogue"
_EXTRA: Final = "extra"


class _NotFiniteError(ValueError):
    """A column holds an infinite number, which JSON cannot have."""


def column_row(file: str, number: int, columns: Mapping[str, Any]) -> RawRow:
    """The row that the columns hold; its ``number`` is what stands for the line."""
    try:
        return raw_row(file, number, _row(columns), None, [])
    except _NotFiniteError:
        return raw_row(file, number, None, None, [NO_NUMBER])


def _row(columns: Mapping[str, Any]) -> dict[str, Any]:
    # Turns are many and are looked at one by one below.
    row = _object({key: value for key, value in columns.items() if key != _DIALOGUE})
    dialogue = _parsed(columns.get(_DIALOGUE), list)
    if isinstance(dialogue, Mapping):
        dialogue = _turns_of_lists(dialogue)
    if isinstance(dialogue, list):
        # Where turns differ in their keys, `datasets` delivers each of them as JSON text.
        turns = (_parsed(turn, dict) for turn in dialogue)
        row[_DIALOGUE] = [_object(turn) if isinstance(turn, Mapping) else _plain(turn) for turn in turns]
    elif dialogue is not None:
        row[_DIALOGUE] = _plain(dialogue)
    if "profile" in row:
        row["profile"] = _parsed(row["profile"], dict, str)
    return row


def _object(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What there is of an object, with the keys that have no column of their own."""
    plain = {key: value if type(value) is str else _plain(value) for key, value in fields.items()}
    present = {key: value for key, value in plain.items() if value is not None}
    extra = present.get(_EXTRA)
    further = _parsed(extra, dict)
    if isinstance(extra, str) and isinstance(further, dict):
        del present[_EXTRA]
        return further | present
    return present


def _parsed(value: object, *kinds: type) -> object:
    """What a text is as JSON, if that is one of these kinds; everything else is itself."""
    if not isinstance(value, str):
        return value
    try:
        decoded = Decoder().decode(value)
    except (json.JSONDecodeError, RecursionError):
        return value
    usable = isinstance(decoded.value, kinds) and not decoded.flaws and decoded.end == len(value)
    return decoded.value if usable else value


def _turns_of_lists(lists: Mapping[str, Any]) -> object:
    """Turns out of an object with a list for each field, as some libraries keep them; else what it is."""
    columns = {key: values for key, values in lists.items() if values is not None}
    if not columns or not all(isinstance(values, list) for values in columns.values()):
        return lists
    if len({len(values) for values in columns.values()}) > 1:
        return lists
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain(value: object) -> object:
    """A value as JSON can have it. What is not a number is nothing; dates, decimals and bytes become text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise _NotFiniteError
        return None if math.isnan(value) else value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
