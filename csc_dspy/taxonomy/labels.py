"""Reading labels as people and models write them.

A label may be a number (``5``, ``五``), a name in either language, an abbreviation, an id, or these side by
side (``策略5 情感管理``, ``Strategy 5: Emotional Management (EM)``), in any case and in full-width forms.
Everything in a label must point at the same member: what is left over, or points elsewhere, is an error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, Generic, Protocol, TypeVar

from csc_dspy.exceptions import LabelError

# What may stand between the parts of a label. A joint such as "+" or "," is not among them on purpose:
# it joins two labels.
_SEPARATORS: Final = re.compile(r"[\s_\-–—:.、。·()\[\]{}<>《》【】「」『』“”‘’\"'`*#]+")
_CHINESE_NUMERALS: Final = "〇一二三四五六七八九十"
_NUMERAL: Final = rf"[\d{_CHINESE_NUMERALS}]"
# A label names its member at most this often: en, zh, abbreviation, id, alias. The bound also keeps
# matching linear where one spelling is made up of others.
_MOST_NAMES: Final = 5
_CACHE_SIZE: Final = 4096
_SHOWN: Final = 60


class Member(Protocol):
    """What the index needs to know of a stage or strategy."""

    @property
    def number(self) -> int:
        """Its place among its kind, from 1 to 99."""

    @property
    def id(self) -> str:
        """What errors call it."""


M = TypeVar("M", bound=Member)


class SpellingIndex(Generic[M]):
    """Finds the one member that a label spells."""

    def __init__(
        self, *, kind: str, taxonomy: str, words: tuple[str, ...], members: Mapping[M, tuple[str, ...]]
    ) -> None:
        self._kind = kind
        self._taxonomy = taxonomy
        spelled = {member: _normalised(names) for member, names in members.items()}
        self._whole = {member: _whole(member.number, words, names) for member, names in spelled.items()}
        self._named = {name: member for member, names in spelled.items() for name in names}
        self._numbered = {
            numeral: member for member in members for numeral in (str(member.number), _chinese(member.number))
        }
        self._mention = _mention(self._named)
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

    def named_in(self, text: str) -> tuple[M, ...]:
        """The members whose names occur in a longer text; numbers and abbreviations do not count there."""
        found = (self._named.get(match.group()) for match in self._mention.finditer(normalise(text)))
        return tuple(dict.fromkeys(member for member in found if member is not None))

    def _search(self, text: str) -> M:
        plain = normalise(text)
        matches = [member for member, pattern in self._whole.items() if pattern.fullmatch(plain)]
        if len(matches) == 1:
            return matches[0]
        mentioned = matches or self._mentioned(plain)
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

    def _mentioned(self, plain: str) -> list[M]:
        """Every member that occurs in ``plain``, to tell which ones a double label joins."""
        found = (match.group() for match in self._mention.finditer(plain))
        members = (self._named.get(each) or self._numbered.get(each.lstrip("0")) for each in found)
        return list(dict.fromkeys(member for member in members if member is not None))

    def _suggestion(self, plain: str) -> str:
        from difflib import get_close_matches

        close = get_close_matches(plain, self._named, n=1)
        if close:
            return f"did you mean {self._named[close[0]].id!r}?"
        return "known: " + ", ".join(f"{member.number} {member.id}" for member in self._whole)


def normalise(text: str) -> str:
    """Fold width, case and separators away; numbers that were apart stay apart."""
    # Folding width would make 12 of ①② and of 1²; signs like these are numbers of their own.
    text = "".join(f" {each} " if each.isdigit() and not each.isdecimal() else each for each in text)
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _SEPARATORS.sub(" ", plain).strip()
    return re.sub(rf"(?<!{_NUMERAL}) | (?!{_NUMERAL})", "", plain)


def _normalised(names: Iterable[str]) -> tuple[str, ...]:
    """Without those that consist of separators alone: they would match everywhere."""
    return tuple(filter(None, map(normalise, names)))


def _whole(number: int, words: tuple[str, ...], names: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a label that consists of spellings of one member: its number, its names, or both."""
    numbered = rf"(?:{_either(words)})?(?:0*{number}|{_chinese(number)})"
    # The space is one that stood between two numerals, where a name begins or ends with one.
    named = rf"(?:(?:{_either(names)}) ?){{1,{_MOST_NAMES}}}"
    return re.compile(rf"(?:{numbered} ?)?{named}(?:{numbered})?|{numbered}")


def _mention(names: Iterable[str]) -> re.Pattern[str]:
    """Matches the longest spelling of any member, wherever it stands."""
    # Two Latin letters occur inside any word, so abbreviations do not count here.
    long_names = tuple(name for name in names if len(name) > 2 or not name.isascii())
    return re.compile(rf"{_either(long_names)}|\d+|[{_CHINESE_NUMERALS}]+")


def _either(spellings: tuple[str, ...]) -> str:
    return "|".join(re.escape(each) for each in sorted(set(spellings), key=len, reverse=True))


def _chinese(number: int) -> str:
    """The Chinese numeral, as in 策略十二; numbers stay below 100."""
    tens, ones = divmod(number, 10)
    ten = "" if tens == 0 else "十" if tens == 1 else f"{_CHINESE_NUMERALS[tens]}十"
    return ten + (_CHINESE_NUMERALS[ones] if ones else "")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
