"""Numbers that are dictated over several turns: ``138``, ``嗯``, ``0013``, ``好``, ``8000``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from csc_dspy.redaction._base import Kind, Span
from csc_dspy.redaction.checksums import luhn, resident_identity, social_security
from csc_dspy.redaction.folding import Folded
from csc_dspy.redaction.spoken import said_digits
from csc_dspy.redaction.words import words

_CHINESE: Final = re.compile(r"\d(?:[ ,、-]{0,2}\d)*x?")
_LETTER: Final = re.compile(r"[\u4e00-\u9fff]|[A-Za-z']+")
_MOST_OTHER_WORDS: Final = 8
_FEWEST_CHINESE: Final = 3
_FARTHEST: Final = 2
"""How many turns on the next piece may come: one of the other speaker is between."""
_MOST_PIECES: Final = 8
_SHORTEST_ECHO: Final = 3
_ORDERS: Final = words("订单 单号 运单 工单 流水 order tracking ticket case confirmation reference invoice")

_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_AMERICAN: Final = re.compile(r"1?[2-9]\d{2}[2-9]\d{6}")
_ASKED_LENGTHS: Final = range(7, 13)


@dataclass(frozen=True, slots=True)
class _Piece:
    turn: int
    start: int
    end: int
    digits: str


def dictated(texts: Sequence[str], speakers: Sequence[str]) -> Iterator[tuple[int, Span]]:
    """The pieces of such numbers with their turns, and where the other speaker says a piece after them."""
    pieces = [_piece(turn, Folded(text)) for turn, text in enumerate(texts)]
    taken: set[int] = set()
    for first, piece in enumerate(pieces):
        if piece is None or first in taken:
            continue
        for run in _runs(first, pieces, speakers):
            digits = "".join(part.digits for part in run)
            kind = _kind(digits, texts[max(0, first - 1)])
            if kind:
                taken.update(part.turn for part in run)
                yield from ((part.turn, Span(kind, part.start, part.end, digits)) for part in run)
                yield from _echoes(run, pieces, taken, kind, digits)
                break


def _runs(first: int, pieces: Sequence[_Piece | None], speakers: Sequence[str]) -> Iterator[list[_Piece]]:
    """What a speaker says from a piece on, the longest first; two pieces at least."""
    run: list[_Piece] = []
    last = first
    for turn in range(first, len(pieces)):
        piece = pieces[turn]
        if turn - last > _FARTHEST or len(run) == _MOST_PIECES:
            break
        if piece is not None and speakers[turn] == speakers[first]:
            run.append(piece)
            last = turn
    for length in range(len(run), 1, -1):
        yield run[:length]


def _piece(turn: int, text: Folded) -> _Piece | None:
    """The digits of a turn that consists of little else."""
    if not (text.has_digits or text.chinese_digits or text.has_latin):
        return None
    found = list(_groups(text))
    if not found:
        return None
    start, end = found[0][0], found[-1][1]
    others = _LETTER.findall(text.plain[:start]) + _LETTER.findall(text.plain[end:])
    digits = "".join(digits for _, _, digits in found).upper()
    # What is whole already is found without its neighbours, and digits that come after it are something else.
    if len(others) > _MOST_OTHER_WORDS or _kind(digits, ""):
        return None
    return _Piece(turn, start, end, digits)


def _groups(text: Folded) -> Iterator[tuple[int, int, str]]:
    """Digits in figures or Chinese, or else in English words, with their places."""
    groups = []
    for found in _CHINESE.finditer(text.with_digits.lower()):
        digits = "".join(char for char in found[0] if char.isdigit() or char == "x")
        plain = not text.speaks_digits(found.start(), found.end())
        if (plain and len(digits) > 1) or len(digits) >= _FEWEST_CHINESE:
            groups.append((found.start(), found.end(), digits))
    if groups or text.plain.isascii() is False:
        yield from groups
    else:
        yield from said_digits(text)


def _kind(digits: str, before: str) -> Kind | None:
    """What the pieces are together; ``before`` is what was said before the first."""
    if len(digits) == 18 and digits[:17].isdigit() and resident_identity(digits):
        return "identity"
    if not digits.isdigit() or _asks(before, *_ORDERS):
        return None
    if _MOBILE.fullmatch(digits) or _AMERICAN.fullmatch(digits):
        return "phone"
    if 15 <= len(digits) <= 19 and luhn(digits):
        return "card"
    if len(digits) == 9 and social_security(digits) and _asks(before, "social", "ssn"):
        return "identity"
    asked = _asks(before, "电话", "手机", "号码", "联系方式", "phone", "number", "reach you", "call you")
    return "phone" if asked and len(digits) in _ASKED_LENGTHS else None


def _asks(before: str, *about: str) -> bool:
    return any(word in before.lower() for word in about)


def _echoes(
    run: Sequence[_Piece], pieces: Sequence[_Piece | None], taken: set[int], kind: Kind, digits: str
) -> Iterator[tuple[int, Span]]:
    """Where somebody repeats a part of the number, while it is dictated or right after."""
    for turn in range(run[0].turn, min(run[-1].turn + _FARTHEST + 1, len(pieces))):
        piece = pieces[turn]
        if piece is None or turn in taken or len(piece.digits) < _SHORTEST_ECHO:
            continue
        if piece.digits in digits:
            taken.add(turn)
            yield turn, Span(kind, piece.start, piece.end, digits)
