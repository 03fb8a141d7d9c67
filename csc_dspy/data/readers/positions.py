"""On which line a turn stands, in a row that is spread over many."""

from __future__ import annotations

import json
import re
from typing import Final

_SPACE: Final = re.compile(r"[ \t\r\n]*")
# Numbers are passed over, so it does not matter how many digits they have.
_JSON: Final = json.JSONDecoder(parse_int=str)


def line_of_turn(text: str, line: int, turn: int) -> int:
    """The line on which ``turn``, counted from 1, of a row begins.

    ``text`` is how the file spells the row, an object that has such a turn, and ``line`` the one on which it
    begins.
    """
    return line + text.count("\n", 0, _place_of_turn(text, turn)) if "\n" in text else line


def _place_of_turn(text: str, turn: int) -> int:
    """Walk the keys of the object, and then the turns."""
    place, dialogue = _after_space(text, 1), 0
    while text[place] == '"':
        key, place = _JSON.raw_decode(text, place)
        place = _after_space(text, _after_space(text, place) + 1)
        if key == "dialogue":
            # The last one counts where there are several, as with everybody who reads JSON.
            dialogue = place
        place = _behind(text, place)
    place = _after_space(text, dialogue + 1)
    for _ in range(turn - 1):
        place = _behind(text, place)
    return place


def _behind(text: str, place: int) -> int:
    """The beginning of what follows the value at ``place`` and the comma behind it."""
    place = _after_space(text, _JSON.raw_decode(text, place)[1])
    return _after_space(text, place + 1) if text[place] == "," else place


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
