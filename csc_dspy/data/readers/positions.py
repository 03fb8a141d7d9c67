"""On which line a turn stands, in a row that is spread over many."""

from __future__ import annotations

import json
import re
from typing import Final

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_JSON: Final = json.JSONDecoder()


def line_of_turn(text: str, line: int, turn: int) -> int:
    """The line on which ``turn``, counted from 1, of a row begins.

    ``text`` is how the file spells the row, a whole object, and ``line`` the one on which it begins; that is
    the answer too where there is no such turn.
    """
    if "\n" not in text:
        return line
    place = _place_of_turn(text, turn)
    return line if place is None else line + text.count("\n", 0, place)


def _place_of_turn(text: str, turn: int) -> int | None:
    """Walk the keys of the object, and the turns where the key is the right one."""
    place = _after_space(text, 1)
    while text[place] == '"':
        key, place = _JSON.raw_decode(text, place)
        place = _after_space(text, _after_space(text, place) + 1)
        if key == "dialogue" and text[place] == "[":
            return _place_in_list(text, place, turn)
        place = _behind(text, place)
    return None


def _place_in_list(text: str, place: int, number: int) -> int | None:
    place = _after_space(text, place + 1)
    for _ in range(number - 1):
        if text[place] == "]":
            return None
        place = _behind(text, place)
    return place


def _behind(text: str, place: int) -> int:
    """The beginning of what follows the value at ``place`` and the comma behind it."""
    place = _after_space(text, _JSON.raw_decode(text, place)[1])
    return _after_space(text, place + 1) if text[place] == "," else place


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
