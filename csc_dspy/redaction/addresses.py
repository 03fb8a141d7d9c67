"""Postal addresses down to the street, Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.redaction._base import Span
from csc_dspy.redaction.folding import Folded
from csc_dspy.redaction.places import CITIES, PROVINCES

# Characters that stand in names of places, but none of those that hold a sentence together.
_C: Final = (
    r"(?:(?!和(?!平|县)|都(?!江|匀)|[了的是在我你您他她们有跟吗呢吧就要去到来从这那给说请问把被住寄送位离没会能也还])"
    r"[\u4e00-\u9fff])"
)
_N: Final = r"[0-9A-Za-z一二三四五六七八九十百零\u3007]"
_PROVINCE: Final = (
    rf"(?:{'|'.join(PROVINCES)})(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区|特别行政区)?"
)
_CITY: Final = rf"(?:{'|'.join(CITIES)})(?:市|地区|盟|自治州|州)?"
_DISTRICT: Final = rf"{_C}{{1,7}}?(?:经济开发区|高新区|开发区|新区|区|自治县|县|旗|市)"
_TOWN: Final = rf"{_C}{{1,6}}?(?:街道|镇|乡)"
_ROAD: Final = (
    rf"(?:{_C}|\d){{1,8}}?(?:大道|大街|马路|公路|路|街|胡同|巷|弄|里弄|道)"
    rf"(?:[东西南北中]?[一二三四五六七八九]?[段路])?"
)
_ESTATE: Final = (
    rf"(?:{_C}|[A-Za-z0-9]){{1,10}}?(?:小区|社区|花园|家园|新村|公寓|大厦|广场|庄园|花苑|雅苑|佳苑|名苑|豪庭|华庭|名都|写字楼|"
    r"宿舍|大学|中学|医院|工业园|产业园|科技园|苑|府|村|屯|庄)"
)
_NUMBER: Final = rf"{_N}{{1,6}}(?:[-之]{_N}{{1,5}})?(?:号院|号楼|号|弄|栋|幢|座|单元|室|楼|层|组|队|户)"
_ROOM: Final = r"(?:\d{1,5}(?:-\d{1,5}){0,2}(?:室|房|号)?(?![\d年月日点元块]))"
_STREET: Final = rf"(?:{_TOWN}|{_ROAD}|{_ESTATE})"
_REST: Final = rf"(?:[ ,]?(?:{_STREET}|{_NUMBER})){{0,6}}{_ROOM}?"
_GAP: Final = r"[ ,]?"

_CHINESE: Final = (
    # From the province or the city down to a street, with a district on the way or a number behind.
    re.compile(
        rf"(?:{_PROVINCE}{_GAP}(?:{_CITY}{_GAP})?|{_CITY}{_GAP})"
        rf"(?:{_DISTRICT}{_GAP}(?:{_DISTRICT}{_GAP})?{_STREET}|{_STREET}{_GAP}{_NUMBER}){_REST}"
    ),
    # From a district down to a number.
    re.compile(rf"{_C}{{1,4}}(?:新区|区|县){_GAP}{_STREET}{_GAP}(?:{_STREET}{_GAP})?{_NUMBER}{_REST}"),
    # A street or an estate with a number.
    re.compile(
        rf"(?:{_C}){{1,6}}?(?:大道|大街|路|街|胡同|巷)(?:[东西南北中]?[一二三四五六七八九]?[段路])?{_GAP}\d{{1,5}}(?:号|弄){_REST}"
    ),
    re.compile(
        rf"(?:{_C}){{1,8}}?(?:小区|社区|花园|家园|新村|公寓|大厦|花苑|雅苑|佳苑|名苑|豪庭|华庭|苑|村){_GAP}"
        rf"{_NUMBER}{_GAP}(?:{_NUMBER}{_GAP}){{0,3}}{_ROOM}?"
    ),
)
_BEFORE_NAME: Final = re.compile(
    r"^(?:快递放|放在|放|家|公司|收货地址|地址|于|至|往|目前|老家|单位)+(?=.{3})"
)

_DIRECTION: Final = r"(?:(?:[NSEW]|north|south|east|west|northeast|northwest|southeast|southwest)\.? )?"
_UNIT: Final = (
    r"(?:,? (?:apartment|apt|suite|ste|unit|flat|room|floor|#)\.? ?#?(?:[a-z]?\d[\w-]*|[a-z]\b|\w+ (?=\d)))?"
)
_REGION: Final = (
    r"(?-i:,? (?:[A-Z][a-z]+ ?){1,3},? (?:[A-Z]{2}|[A-Z][a-z]+(?: [A-Z][a-z]+)?),? \d{5}(?:-\d{4})?"
    r"|,? (?:[A-Z][a-z]+ ?){1,3}, ?[A-Z]{2}\b"
    r"|,? (?:[A-Z][a-z]+,? ?){1,3}[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b)?"
)
_KINDS: Final = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Circle|Cir|"
    "Highway|Hwy|Parkway|Pkwy|Close|Crescent|Row|Grove|Gardens|Mews|Trail|Loop|Alley"
)
_NAMED: Final = r"(?:[A-Z][\w'.]*|\d+(?:st|nd|rd|th))"
_NO_NAME: Final = (
    r"(?!(?:of|the|to|in|on|a|an|for|at|from|by|and|or|is|was|minutes?|hours?|days?|miles?|km|feet|blocks?|people|times?|"
    r"cars?|per|down|up|off|more|other|different|way)\b)"
)
_ENGLISH: Final = (
    re.compile(
        rf"(?<![\w.$£-])\d{{1,6}}[A-Za-z]?(?:-\d+)? (?i:{_DIRECTION})(?:{_NAMED} ){{1,4}}"
        rf"(?:{_KINDS})\b\.?(?i:{_UNIT}){_REGION}"
    ),
    re.compile(
        rf"(?<![\w.$£-])\d{{1,6}}[a-z]? {_DIRECTION.lower()}(?:{_NO_NAME}[a-z\d'.]+ ){{1,3}}"
        rf"(?:street|avenue|boulevard|lane|road|drive|terrace|crescent)\b{_UNIT}{_REGION}",
        re.IGNORECASE,
    ),
    re.compile(rf"\bP\.? ?O\.? ?Box \d{{1,7}}{_REGION}", re.IGNORECASE),
    re.compile(
        rf"\b(?i:apartment|apt|flat|unit|suite) \d{{1,5}}[A-Za-z]?,? (?:\d{{1,6}} )?"
        rf"(?:{_NAMED} ){{1,4}}(?:{_KINDS})\b{_REGION}"
    ),
)
_MARKS: Final = re.compile(r"[路街道巷弄村镇乡苑园寓厦区屯庄府庭都]|胡同|大学|医院")


def addresses(text: Folded) -> Iterator[Span]:
    """Addresses that lead to a door, a street or a village; a city alone is none."""
    plain = text.plain
    if _MARKS.search(plain):
        for pattern in _CHINESE:
            for found in pattern.finditer(plain):
                start = found.start() + _words_before(found[0])
                yield _span(plain, start, found.end())
    if not (text.has_latin and text.has_digits):
        return
    for pattern in _ENGLISH:
        for found in pattern.finditer(plain):
            yield _span(plain, found.start(), found.end())


def _words_before(found: str) -> int:
    before = _BEFORE_NAME.match(found)
    return before.end() if before else 0


def _span(plain: str, start: int, end: int) -> Span:
    said = plain[start:end].rstrip(" ,.")
    return Span("address", start, start + len(said), "".join(said.casefold().split()))
