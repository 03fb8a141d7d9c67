"""Ages as people write them."""

from __future__ import annotations

import re
from typing import Final

_ONES: Final = (
    *("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_DIGITS: Final = "〇一二三四五六七八九"


def names_age(text: str, age: int) -> bool:
    """Whether a text says an age below a hundred, in digits or in the words of either language."""
    if re.search(rf"(?<!\d){age}(?!\d)", text):
        return True
    # Another numeral before or behind would make it another number.
    chinese = rf"(?<![{_DIGITS}十百]){_chinese(age)}(?![{_DIGITS}十百])"
    english = rf"\b{_english(age)}\b(?![- ](?:{'|'.join(_ONES[1:10])}))"
    return bool(re.search(chinese, text) or re.search(english, text.casefold()))


def _english(number: int) -> str:
    tens, ones = divmod(number, 10)
    if number < len(_ONES):
        return _ONES[number]
    return f"{_TENS[tens]}[- ]{_ONES[ones]}" if ones else _TENS[tens]


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    ten = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return ten + (_DIGITS[ones] if ones else "")
