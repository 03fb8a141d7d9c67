"""Numbers of people: telephones, identity papers, cards; in digits of any script, grouped in any way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from csc_dspy.redaction import contexts
from csc_dspy.redaction._base import Finder, Kind, Span
from csc_dspy.redaction.checksums import born, iban, luhn, resident_identity, social_security
from csc_dspy.redaction.folding import Folded

_GAP: Final = r"[ \-.,、_]{0,3}"
_D: Final = rf"(?:{_GAP}\d)"
_TIGHT: Final = r"(?:[ -]{0,2}\d)"
_BEGIN: Final = r"(?<![\dA-Za-z¥$€£.])"
# Behind it comes no further digit, and nothing that makes it an amount.
_END: Final = r"(?![\dA-Za-z])(?! ?(?:元|块|万|亿|美元|人民币|%|USD|CNY|RMB|dollars))"
_EXTENSION: Final = r"(?: ?(?:转|分机|-|ext\.?|extension|x) ?\d{1,6}(?!\d))?"

# Behind the prefix of another country what looks like a Chinese mobile number is none.
_NOT_ABROAD: Final = r"(?<!\+)(?<!\+\d[ -])(?<!\+\d\d[ -])(?<!\+\d\d\d[ -])"
_FIRST_OF_CARDS: Final = "234569"
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d,])")
_DATE: Final = re.compile(r"(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}\b")

Test = Callable[[str, str, int], bool]
"""Whether digits found at a place in a text are what they look like."""


def _always(_digits: str, _text: str, _start: int) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Shape:
    """What a number of a kind looks like, and what makes it one."""

    kind: Kind
    pattern: re.Pattern[str]
    test: Test = _always


def _shape(kind: Kind, pattern: str, test: Test = _always) -> Shape:
    return Shape(kind, re.compile(_BEGIN + pattern + _END, re.IGNORECASE), test)


def _is_mobile(digits: str, text: str, start: int) -> bool:
    del digits
    return not _is_amount_or_date(text, start)


def _is_identity(digits: str, text: str, start: int) -> bool:
    return resident_identity(digits) or (born(digits[6:14]) and contexts.names_identity(text, start))


def _is_old_identity(digits: str, text: str, start: int) -> bool:
    return born(f"19{digits[6:12]}") and contexts.names_identity(text, start)


def _is_card(digits: str, text: str, start: int) -> bool:
    if contexts.names_order(text, start) or _is_amount_or_date(text, start):
        return False
    return (digits[0] in _FIRST_OF_CARDS and luhn(digits)) or contexts.names_card(text, start)


def _is_social_security(digits: str, text: str, start: int) -> bool:
    grouped = bool(re.match(r"\d{3}([- ])\d{2}\1\d{4}", text[start:]))
    return social_security(digits) and (grouped or contexts.names_social_security(text, start))


def _is_american(digits: str, text: str, start: int) -> bool:
    called_other = contexts.names_order(text, start) or _is_called_an_account(text, start)
    return not called_other and not _is_amount_or_date(text, start) and len(digits) >= 10


def _is_landline(digits: str, text: str, start: int) -> bool:
    del digits
    return not contexts.names_order(text, start) and not _is_amount_or_date(text, start)


def _is_international(digits: str, text: str, start: int) -> bool:
    del text, start
    return 8 <= len(digits) <= 15


def _is_called_phone(digits: str, text: str, start: int) -> bool:
    del digits
    return contexts.names_phone(text, start) and not contexts.names_order(text, start)


def _is_called_card(digits: str, text: str, start: int) -> bool:
    del digits
    return _is_called_an_account(text, start) and not _is_amount_or_date(text, start)


def _is_called_an_account(text: str, start: int) -> bool:
    """Whether it is; a card may also be what somebody is called about."""
    return contexts.names_card(text, start) and not contexts.names_phone(text, start)


def _is_iban(digits: str, text: str, start: int) -> bool:
    del digits
    found = _IBAN.match(text, start)
    return found is not None and iban(found[0])


def _is_called_passport(digits: str, text: str, start: int) -> bool:
    del digits
    return contexts.names_identity(text, start)


def _is_amount_or_date(text: str, start: int) -> bool:
    return bool(_THOUSANDS.match(text, start) or _DATE.match(text, start))


_MOBILE: Final = _shape(
    "phone", rf"(?:\(?(?:\+|00)?86\)?[ -]{{0,2}}|{_NOT_ABROAD})1{_GAP}[3-9]{_D}{{9}}{_EXTENSION}", _is_mobile
)
# What is surely a number of somebody, and what may also be called an order.
CERTAIN: Final = (
    _shape("identity", rf"\d{_D}{{16}}[ -]?[\dX]", _is_identity),
    _MOBILE,
)
LIKELY: Final = (
    _shape("identity", rf"\d{_TIGHT}{{14}}", _is_old_identity),
    _shape("identity", rf"\d{{3}}{_TIGHT}{{6}}", _is_social_security),
    _shape("identity", r"[A-Z]{1,2}\d{6,9}", _is_called_passport),
    _shape("card", rf"\d{_TIGHT}{{12,18}}", _is_card),
    _shape("phone", rf"400[ -]?\d{_TIGHT}{{6}}{_EXTENSION}", _is_landline),
    _shape(
        "phone",
        rf"(?:\(?0|(?:\+|00)?86[ -]?\(?0?)(?:10|2[0-57-9]|[3-9]\d{{2}})(?:\)[ -]?|[ -]{{1,2}})"
        rf"\d{{3,4}}[ -]?\d{{4}}{_EXTENSION}",
        _is_landline,
    ),
    _shape("phone", rf"0(?:10|2[0-57-9]|[3-9]\d{{2}})\d{{7,8}}{_EXTENSION}", _is_landline),
    _shape(
        "phone",
        rf"(?:\+[1-9]\d{{0,2}}|00[1-9]\d{{0,2}}[ -])(?:[ .()-]{{0,3}}\d){{6,13}}{_EXTENSION}",
        _is_international,
    ),
    _shape("phone", r"\(?0\d{2,5}\)?[ -]\d{3,4}[ -]?\d{3,6}", _is_landline),
    _shape(
        "phone",
        rf"(?:1[ .-]{{0,2}})?\(?[2-9]\d{{2}}\)?[ .-]{{0,2}}[2-9]\d{{2}}[ .-]{{0,2}}\d{{4}}{_EXTENSION}",
        _is_american,
    ),
    _shape("phone", rf"\d{{3,4}}[ .-]?\d{{4}}{_EXTENSION}", _is_called_phone),
    _shape("card", rf"\d{_TIGHT}{{7,29}}", _is_called_card),
    _shape("card", r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?", _is_iban),
)


def numbers(shapes: tuple[Shape, ...]) -> Finder:
    """A finder for numbers of these shapes, in figures or in Chinese digits."""

    def find(text: Folded) -> Iterator[Span]:
        if text.has_digits:
            yield from _found(shapes, text.plain, text.plain)
        if text.chinese_digits >= 3:
            for span in _found(shapes, text.with_digits, text.plain):
                if text.speaks_digits(span.start, span.end):
                    yield span

    return find


def _found(shapes: tuple[Shape, ...], text: str, plain: str) -> Iterator[Span]:
    for shape in shapes:
        place = 0
        while found := shape.pattern.search(text, place):
            digits = "".join(char for char in found[0] if char in "0123456789xX")
            if shape.test(digits, _told(text, plain, found.start()), found.start()):
                yield Span(shape.kind, found.start(), found.end(), _value(found[0]))
                place = found.end()
            else:
                # A number may begin inside what was none as a whole.
                place = found.start() + 1


def _value(number: str) -> str:
    """What identifies a number: no signs, and no prefix of China."""
    value = "".join(char for char in number.upper() if char.isascii() and char.isalnum())
    return re.sub(r"^(?:00)?86(?=1[3-9]\d{9}$)", "", value)


def _told(text: str, plain: str, start: int) -> str:
    """The text with the words before the number as they were said: digits among them may be part of words."""
    return plain[:start] + text[start:]
