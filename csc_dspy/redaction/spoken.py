"""Numbers of people that are spoken in English words: ``five five five, eight six seven, …``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.redaction import contexts
from csc_dspy.redaction._base import Kind, Span
from csc_dspy.redaction.checksums import luhn, resident_identity, social_security
from csc_dspy.redaction.folding import Folded
from csc_dspy.redaction.words import words

_UNITS: Final = dict(
    zip(words("zero one two three four five six seven eight nine"), "0123456789", strict=True)
) | {
    "oh": "0",
    "o": "0",
    "nought": "0",
    "niner": "9",
}
_TEENS: Final = dict(
    zip(
        words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"),
        map(str, range(10, 20)),
        strict=True,
    )
)
_TENS: Final = dict(
    zip(words("twenty thirty forty fifty sixty seventy eighty ninety"), map(str, range(2, 10)), strict=True)
)
_TIMES: Final = {"double": 2, "triple": 3}
_WORDS: Final = "|".join([*_UNITS, *_TEENS, *_TENS, *_TIMES, "hundred"])
_TOKEN: Final = rf"(?:\b(?:{_WORDS})\b|(?<![\d.$£€])\b\d{{1,4}}\b(?![.%]\d))"
_RUN: Final = re.compile(rf"(?:\bplus +)?{_TOKEN}(?:[ ,.\-]{{1,4}}{_TOKEN}){{2,}}")
_PART: Final = re.compile(rf"\b(?:{_WORDS})\b|\d+")
_SAID: Final = re.compile(rf"\b(?:{_WORDS})\b(?:[ ,.\-]{{1,4}}{_TOKEN})*")
_FEWEST: Final = 7


def spoken_numbers(text: Folded) -> Iterator[Span]:
    """The spans of numbers in which at least two words stand for digits."""
    if not text.has_latin:
        return
    for found in _RUN.finditer(text.lower):
        parts = _PART.findall(found[0])
        digits = _digits(parts)
        if len(digits) < _FEWEST or sum(part.isalpha() for part in parts) < 2:
            continue
        if kind := _kind(digits, text.lower, found.start()):
            yield Span(kind, found.start(), found.end(), digits)


def said_digits(text: Folded) -> Iterator[tuple[int, int, str]]:
    """Runs of digits in words, however short, with their places; one word alone is none."""
    for found in _SAID.finditer(text.lower):
        digits = _digits(_PART.findall(found[0]))
        if len(digits) > 1:
            yield found.start(), found.end(), digits


def _digits(parts: list[str]) -> str:
    """The digits that the words stand for, one after the other."""
    digits, times = "", 1
    for place, part in enumerate(parts):
        if part in _TIMES:
            times = _TIMES[part]
            continue
        if part in _TENS:
            follows = parts[place + 1] if place + 1 < len(parts) else ""
            said = _TENS[part] + ("" if follows in _UNITS and follows not in {"o", "oh", "zero"} else "0")
        else:
            said = "00" if part == "hundred" else _UNITS.get(part) or _TEENS.get(part) or part
        digits += said * times
        times = 1
    return digits


def _kind(digits: str, text: str, start: int) -> Kind | None:
    """What so many digits are; orders and the like are None."""
    if contexts.names_order(text, start) or len(digits) > 19:
        return None
    if len(digits) == 18 and resident_identity(digits):
        return "identity"
    if len(digits) == 9 and social_security(digits) and not contexts.names_phone(text, start):
        return "identity"
    if contexts.names_card(text, start) or (len(digits) >= 13 and luhn(digits)):
        return "card"
    return "phone"
