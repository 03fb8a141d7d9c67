"""Demonstrations without repetition: each line of text once, and texts as ranges of lines.

The history of a demonstration is the beginning of the next one's, so written out they grow with the square of
the dialogue's length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from csc_dspy.exceptions import ArtifactError

_LINES: Final = "lines"
_STATE: Final = "state"


def packed(state: Mapping[str, Any]) -> dict[str, Any]:
    """A program's state for the disk; the same state gives the same content."""
    places: dict[str, int] = {}
    content = _packed(state, places)
    return {_STATE: content, _LINES: list(places)}


def unpacked(content: Mapping[str, Any]) -> dict[str, Any]:
    """The state that `packed` has made ready for the disk; ArtifactError if it was something else."""
    lines, state = content.get(_LINES), content.get(_STATE)
    if not isinstance(lines, list) or not isinstance(state, dict):
        raise ArtifactError("does not hold the state of a program", remedy="compile it again")
    try:
        return {name: _unpacked(value, lines) for name, value in state.items()}
    except (ValueError, TypeError, RecursionError) as error:
        raise ArtifactError("has texts that are not there", remedy="compile it again") from error


def _packed(value: Any, places: dict[str, int]) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(value, Mapping):
        return {
            name: _by_ranges(each, places) if _is_long(name, each) else _packed(each, places)
            for name, each in value.items()
        }
    return [_packed(each, places) for each in value] if isinstance(value, list | tuple) else value


def _is_long(name: str, value: object) -> bool:
    # Instructions stay as they are: they are what people look for in the file.
    return isinstance(value, str) and "\n" in value and name not in {"instructions", "prefix", "description"}


def _by_ranges(text: str, places: dict[str, int]) -> dict[str, str]:
    numbers = [places.setdefault(line, len(places)) for line in text.split("\n")]
    runs = groupby(enumerate(numbers), key=lambda each: each[1] - each[0])
    found = [[number for _, number in run] for _, run in runs]
    return {_LINES: " ".join(f"{run[0]}:{run[-1] + 1}" for run in found)}


def _unpacked(value: Any, lines: Sequence[str]) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(value, dict):
        if value.keys() == {_LINES}:
            return _text(value[_LINES], lines)
        return {name: _unpacked(each, lines) for name, each in value.items()}
    return [_unpacked(each, lines) for each in value] if isinstance(value, list) else value


def _text(ranges: str, lines: Sequence[str]) -> str:
    found: list[str] = []
    for each in ranges.split(" "):
        start, stop = map(int, each.split(":"))
        if not 0 <= start < stop <= len(lines):
            raise ValueError(each)
        found += lines[start:stop]
    return "\n".join(found)
