"""Reading labels as people and models write them.

A label may be a number (``5``, ``五``), a name in either language, an abbreviation, an id, or these side by
side (``策略5 情感管理``, ``Strategy 5: Emotional Management (EM)``), in any case and in full-width forms.
Everything in a label must point at the same member: what is left over, or points elsewhere, is an error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

from csc_dspy.exceptions import LabelError

# What may stand between the parts of a label. A joint such as "+" or "," is not among them on purpose:
# it joins two labels.
_SEPARATORS = re.compile(r"[\s_\-:.、。·()\[\]{}<>《》【】\"'`*#]+")
_CACHE_SIZE = 4096
_SHOWN = 60


class Member(Protocol):
    """What the index needs to know of a stage or strategy."""

    @property
    def number(self) -> int: ...
    @property
    def id(self) -> str: ...


M = TypeVar("M", bound=Member)


class SpellingIndex(Generic[M]):
    """Finds the one member that a label spells."""

    def __init__(
        self, *, kind: str, taxonomy: str, words: tuple[str, ...], members: Mapping[M, tuple[str, ...]]
    ) -> None:
        self._kind = kind
        self._taxonomy = taxonomy
        self._members = members
        self._whole = {member: _whole(member.number, words, names) for member, names in members.items()}
        self._within = {member: _within(member.number, words, names) for member, names in members.items()}
        self._found: dict[str, M] = {}

    def find(self, label: str | int) -> M:
        """The member that ``label`` spells; LabelError if it spells none or several."""
        text = str(label)
        found = self._found.get(text)
        if found is None:
            found = self._search(text)
            if len(self._found) < _CACHE_SIZE:
                self._found[text] = found
        return found

    def _search(self, text: str) -> M:
        plain = normalise(text)
        matches = [member for member, pattern in self._whole.items() if pattern.fullmatch(plain)]
        if len(matches) == 1:
            return matches[0]
        mentioned = matches or [member for member, pattern in self._within.items() if pattern.search(plain)]
        if len(mentioned) > 1:
            names = " and ".join(member.id for member in mentioned)
            raise LabelError(
                f"{_shown(text)} names more than one {self._kind}: {names}",
                remedy=f"give exactly one {self._kind}",
            )
        raise LabelError(
            f"{_shown(text)} names no {self._kind} of the taxonomy {self._taxonomy!r}",
            remedy=self._suggestion(plain),
        )

    def _suggestion(self, plain: str) -> str:
        from difflib import get_close_matches

        spelled = {normalise(name): member for member, names in self._members.items() for name in names}
        close = get_close_matches(plain, spelled, n=1)
        if close:
            return f"did you mean {spelled[close[0]].id!r}?"
        return "known: " + ", ".join(f"{member.number} {member.id}" for member in self._members)


def normalise(text: str) -> str:
    """Fold width, case and separators away; numbers that were apart stay apart."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _SEPARATORS.sub(" ", plain).strip()
    return re.sub(r"(?<!\d) | (?!\d)", "", plain)


def _whole(number: int, words: tuple[str, ...], names: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a label that consists of spellings of one member: its number, its names, or both."""
    numbered = rf"(?:{_either(words)})?(?:{_numerals(number)})"
    named = _either(tuple(map(normalise, names)))
    return re.compile(rf"(?:{numbered})?(?:{named})+(?:{numbered})?|{numbered}")


def _within(number: int, words: tuple[str, ...], names: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a mention of the member anywhere, to tell which ones a double label joins."""
    # Two Latin letters occur inside any word, so abbreviations do not count here.
    long_names = tuple(name for name in map(normalise, names) if len(name) > 2 or not name.isascii())
    return re.compile(rf"(?<!\d)(?:{_numerals(number)})(?!\d)|{_either(long_names)}")


def _either(spellings: tuple[str, ...]) -> str:
    return "|".join(re.escape(each) for each in sorted(set(spellings), key=len, reverse=True))


def _numerals(number: int) -> str:
    return rf"0*{number}|{_chinese(number)}"


def _chinese(number: int) -> str:
    """The Chinese numeral, as in 策略十二; numbers stay below 100."""
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    ten = "" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十"
    return ten + (digits[ones] if ones or not tens else "")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
