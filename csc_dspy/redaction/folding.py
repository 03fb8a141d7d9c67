"""A text as finders see it: as long as the original, with one spelling for alike characters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FOLDS: Final = _WIDE | str.maketrans(
    {"\u3000": " ", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\t": " "}
    | dict.fromkeys("\u2010\u2011\u2012–—\u2212\ufe63－", "-")
    | {"\uff0e": ".", "。": "。", "·": "-", "•": "-", "’": "'", "【": "[", "】": "]"}
)
_DIGITS: Final = str.maketrans("零〇洞一幺二两三四五六七八九壹贰叁肆伍陆柒捌玖", "00011223456789123456789")
_CHINESE_DIGIT: Final = re.compile(f"[{''.join(map(chr, _DIGITS))}]")
_DIGIT: Final = re.compile(r"\d")
_LATIN: Final = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True)
class Folded:
    """A text and its foldings; a place in one of them is the same place in all."""

    original: str

    @cached_property
    def plain(self) -> str:
        """Full-width letters, digits and signs as narrow ones, all dashes and spaces alike."""
        return self.original.translate(_FOLDS)

    @cached_property
    def with_digits(self) -> str:
        """The same with digits in place of Chinese ones."""
        return self.plain.translate(_DIGITS)

    @cached_property
    def lower(self) -> str:
        """`plain` in lower case, letter for letter."""
        low = self.plain.lower()
        if len(low) == len(self.plain):
            return low
        # A few letters, as the Turkish İ, become two.
        return "".join(small if len(small := char.lower()) == 1 else char for char in self.plain)

    @cached_property
    def has_latin(self) -> bool:
        """Whether there may be a word in Latin letters in it."""
        return _LATIN.search(self.plain) is not None

    @cached_property
    def has_digits(self) -> bool:
        """Whether there is a digit in it, of whatever script."""
        return _DIGIT.search(self.plain) is not None

    @cached_property
    def chinese_digits(self) -> int:
        """How many Chinese digits there are."""
        return 0 if self.plain.isascii() else len(_CHINESE_DIGIT.findall(self.plain))

    def speaks_digits(self, start: int, end: int) -> bool:
        """Whether a Chinese digit is in this part."""
        return _CHINESE_DIGIT.search(self.plain, start, end) is not None
