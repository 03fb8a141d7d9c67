"""Numbers in words, as digits; a mark before them says that they were words."""

from __future__ import annotations

import re
from typing import Final

from csc_dspy.redaction.words import words

MARK: Final = "\ue000"

_ZH_DIGITS: Final = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_ZH_UNITS: Final = {"十": 10, "百": 100, "千": 1_000}
_ZH_LARGE: Final = {"万": 10_000, "亿": 100_000_000}
_ZH_RUN: Final = re.compile(f"[{''.join((*_ZH_DIGITS, *_ZH_UNITS, *_ZH_LARGE))}]+")
_ZH_DECIMAL: Final = re.compile(
    rf"(?P<whole>[{''.join((*_ZH_DIGITS, *_ZH_UNITS))}]+)点(?P<part>[{''.join(_ZH_DIGITS)}]+)"
    "(?=万|亿|元|块|个|倍|折|%|成|公斤|千克|米|岁|年|天)"
)
_ZH_ALL_DIGITS: Final = re.compile(f"[{''.join(_ZH_DIGITS)}]+")

_EN_SMALL: Final = {
    word: value
    for value, word in enumerate(
        words("""
        zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen
        """)
    )
} | {
    word: 10 * value
    for value, word in enumerate(words("twenty thirty forty fifty sixty seventy eighty ninety"), 2)
}
_EN_ORDINALS: Final = {
    word: value
    for value, word in enumerate(
        words("""
        first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
        fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
        """),
        1,
    )
} | {"thirtieth": 30}
_EN_UNITS: Final = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_EN_WORD: Final = "|".join(sorted((*_EN_SMALL, *_EN_ORDINALS, *_EN_UNITS), key=len, reverse=True))
_EN_FIRST: Final = "|".join(sorted((*_EN_SMALL, *_EN_ORDINALS), key=len, reverse=True))
_EN_RUN: Final = re.compile(
    # A unit that stands behind digits belongs to them.
    rf"\b(?:{_EN_FIRST}|an? (?:{'|'.join(_EN_UNITS)}))\b(?:(?:[ -]| and )(?:{_EN_WORD})\b)*"
)
_EN_PART: Final = re.compile(rf"\b(?:{_EN_WORD})\b")


def with_digits(text: str) -> str:
    """A text in lower case with marked digits in place of numbers in words."""
    text = _ZH_DECIMAL.sub(lambda found: f"{_chinese(found['whole'])}.{_digits(found['part'])}", text)
    text = _ZH_RUN.sub(lambda found: _chinese(found[0]), text)
    return _EN_RUN.sub(lambda found: _english(found[0]), text)


def _chinese(run: str) -> str:
    """``三百五`` as 350, ``二零二四`` as 2024; a unit alone, which may belong to digits, stays."""
    if run[0] in _ZH_LARGE or run in {"百", "千"}:
        return run
    if _ZH_ALL_DIGITS.fullmatch(run):
        return MARK + _digits(run)
    total = section = digit = 0
    unit = 1
    for place, char in enumerate(run):
        if char in _ZH_DIGITS:
            digit = _ZH_DIGITS[char]
            # What stands behind a unit without one of its own counts a tenth of it: 一万二.
            short = place == len(run) - 1 and unit > 10 and run[place - 1] not in "零〇"
            unit, digit = (1, digit * unit // 10) if short else (unit, digit)
        elif char in _ZH_UNITS:
            unit = _ZH_UNITS[char]
            section, digit = section + (digit or 1) * unit, 0
        else:
            unit = _ZH_LARGE[char]
            total, section, digit = total + (section + digit) * unit, 0, 0
    return f"{MARK}{total + section + digit}"


def _digits(run: str) -> str:
    return "".join(str(_ZH_DIGITS[char]) for char in run)


def _english(run: str) -> str:
    """``three hundred and fifty`` as 350, ``twenty-five`` as 25, ``five five two`` as 5 5 2."""
    numbers: list[int] = []
    total = current = 0
    last = "none"
    for word in _EN_PART.findall(run):
        if word in _EN_UNITS:
            scale = _EN_UNITS[word]
            if scale == 100:
                current = (current or 1) * scale
            else:
                total, current = total + (current or 1) * scale, 0
            last = "unit"
            continue
        value = _EN_SMALL.get(word, _EN_ORDINALS.get(word, 0))
        joins = last == "unit" or (last == "tens" and 0 < value < 10) or last == "none"
        if not joins:
            numbers.append(total + current)
            total = current = 0
        current += value
        last = "tens" if value >= 20 and value % 10 == 0 else "ones"
    numbers.append(total + current)
    return " ".join(f"{MARK}{number}" for number in numbers)
