"""From a text to its figures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from csc_dspy.redaction.words import words
from csc_dspy.rewriting.figure import Figure, Figures
from csc_dspy.rewriting.numerals import MARK, with_digits

_N: Final = rf"{MARK}?\d{{1,2}}(?!\d)"
_ALONE: Final = r"(?<!\d)(?<!\d[.,:])"
_MONTHS: Final = words(
    "january february march april may june july august september october november december"
)
_MONTH: Final = "|".join(f"{name[:3]}t?(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS)
_TH: Final = "(?:st|nd|rd|th)?"
_HALF: Final = {"半": 30, "钟": 0, "整": 0}

_DATE: Final = re.compile(
    rf"(?:(?P<y1>{MARK}?\d{{2,4}})年)?(?P<m1>{_N})月份?(?:(?P<d1>{_N})[日号]?)?"
    rf"|(?<!\d)(?P<y2>\d{{4}})[-/.](?P<m2>\d{{1,2}})[-/.](?P<d2>\d{{1,2}})(?!\d)"
    rf"|\b(?P<m3>{_MONTH})\.? (?:the )?(?P<d3>{_N}){_TH}\b(?!:)(?:,? (?P<y3>\d{{4}})\b)?"
    rf"|{_ALONE}(?P<d4>{_N}){_TH} (?:of )?(?P<m4>{_MONTH})\b(?:,? (?P<y4>\d{{4}})\b)?"
)
_TIME: Final = re.compile(
    rf"{_ALONE}(?P<h1>\d{{1,2}}):(?P<min1>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?: ?[ap]\.?m\b\.?)?"
    rf"|{_ALONE}(?P<h2>{_N}) ?(?:[ap]\.?m\b\.?|o'?clock\b)"
    rf"|{_ALONE}(?P<day>上午|下午|早上|晚上|凌晨|中午|明早|今晚)?(?P<h3>{_N})点"
    rf"(?P<rest>半|钟|整|(?P<quarter>{MARK}?[13])刻|(?P<min3>{_N})分?)?"
)
_DECIMAL: Final = re.compile(
    rf"(?P<whole>{MARK}?\d+)点(?P<part>{MARK}?\d+)(?=万|亿|元|块|个|倍|折|%|成|公斤|千克|米|岁|年|天)"
)
_COINS: Final = re.compile(rf"(?P<whole>{MARK}?\d+)块{MARK}?(?P<part>\d)(?!\d|[万千百十个天年月])")
_PERCENT: Final = re.compile(
    rf"百分之 ?{MARK}?(?P<zh>\d+(?:\.\d+)?)|{MARK}?(?P<en>\d+(?:\.\d+)?) ?(?:%|percent\b|per cent\b)"
)
_NUMBER: Final = re.compile(
    rf"(?P<mark>{MARK}?)(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?: ?(?P<scale>万|千|亿|k\b|million\b|thousand\b))?"
)
_SCALES: Final = {
    "万": 10**4,
    "千": 10**3,
    "亿": 10**8,
    "k": 10**3,
    "thousand": 10**3,
    "million": 10**6,
}
# What makes a number in words more than a figure of speech.
_COUNTED: Final = re.compile(
    r" ?(?:元|块|角|毛|折|期|号|日|年|天|周|小时|分钟|个小时|个钟头|个月|个工作日|个星期|星期|笔|张|倍|岁|"
    r"(?:us |u\.s\. )?(?:dollars?|pounds?|euros?|cents?|yuan|days?|weeks?|months?|years?|hours?|minutes?|"
    r"business days?|working days?|instal+ments?|nights?)\b)"
)
_ONE_COUNTED: Final = re.compile(r" ?(?:元|块钱|号|(?:dollars?|pounds?|euros?|cents?|yuan)\b)")
_SURELY_A_FIGURE: Final = 100
_HOURS: Final = 24

_Read = Callable[["re.Match[str]", "_Found"], None]


class _Found:
    """Gathers figures by how certain they are."""

    def __init__(self) -> None:
        self.certain: set[Figure] = set()
        self.possible: set[Figure] = set()

    def add(self, figure: Figure, *, certain: bool = True) -> None:
        self.possible.add(figure)
        if certain:
            self.certain.add(figure)

    def number(self, text: str | None, *, certain: bool) -> None:
        if text:
            self.add(Figure("number", _plain(text)), certain=certain)


def figures(text: str) -> Figures:
    """The figures of a text, placeholders taken out of it before."""
    # Between two numbers a Chinese comma is no sign of thousands.
    text = with_digits(unicodedata.normalize("NFKC", text.replace("，", "; ")).casefold())
    found = _Found()
    text = _DECIMAL.sub(lambda each: f"{each['whole']}.{each['part'].strip(MARK)}", text)
    text = _COINS.sub(lambda each: f"{each['whole']}.{each['part']}元", text)
    for pattern, read in _READERS:
        text = _taken_out(pattern, read, text, found)
    for each in _NUMBER.finditer(text):
        _read_number(each, text, found)
    return Figures(frozenset(found.certain), frozenset(found.possible))


def _taken_out(pattern: re.Pattern[str], read: _Read, text: str, found: _Found) -> str:
    def gap(match: re.Match[str]) -> str:
        read(match, found)
        return " ; "

    return pattern.sub(gap, text)


def _read_percent(match: re.Match[str], found: _Found) -> None:
    value = _plain(match["zh"] or match["en"])
    found.add(Figure("percent", f"{value}%"))
    found.number(value, certain=False)


def _read_date(match: re.Match[str], found: _Found) -> None:
    year, month, day = _groups(match, "y"), _groups(match, "m"), _groups(match, "d")
    number = _month(month or "")
    found.number(year, certain=True)
    found.add(Figure("date", f"{number:02}" + (f"-{_int(day):02}" if day else "")))
    found.add(Figure("date", f"{number:02}"), certain=False)
    found.number(str(number), certain=False)
    found.number(day and str(_int(day)), certain=False)


def _read_time(match: re.Match[str], found: _Found) -> None:
    hour, minute = _int(match["h1"] or match["h2"] or match["h3"]), _minute(match)
    if hour > _HOURS:
        # Points of a score.
        found.number(str(hour), certain=True)
        return
    # 一点 is also "a little".
    vague = match["h3"] == f"{MARK}1" and not match["rest"] and not match["day"]
    found.add(Figure("time", f"{hour % 12}:{minute:02}"), certain=not vague)
    found.number(str(hour), certain=False)
    if minute:
        found.number(str(minute), certain=False)


def _minute(match: re.Match[str]) -> int:
    if match["quarter"]:
        return 15 * _int(match["quarter"])
    if match["min1"] or match["min3"]:
        return _int(match["min1"] or match["min3"])
    return _HALF.get(match["rest"] or "", 0)


def _read_number(match: re.Match[str], text: str, found: _Found) -> None:
    value = _plain(match["digits"])
    if match["scale"]:
        value = _plain(str(Decimal(value) * _SCALES[match["scale"]]))
    found.number(value, certain=not match["mark"] or _counts(Decimal(value), text, match.end()))


def _counts(value: Decimal, text: str, end: int) -> bool:
    """Whether a number in words is meant as one."""
    behind = _ONE_COUNTED if value <= 1 else _COUNTED
    return value >= _SURELY_A_FIGURE or behind.match(text, end) is not None


def _groups(match: re.Match[str], letter: str) -> str | None:
    found: Iterator[str] = (
        value for name, value in match.groupdict().items() if value and name.startswith(letter)
    )
    return next(found, None)


def _month(text: str) -> int:
    names = [number for number, name in enumerate(_MONTHS, 1) if name[:3] == text[:3]]
    return names[0] if names else _int(text)


def _int(text: str) -> int:
    return int(text.strip(MARK))


def _plain(text: str) -> str:
    """One spelling of a number; leading noughts are part of it."""
    text = text.strip(MARK).replace(",", "")
    if text.isdigit():
        return text
    value = Decimal(text).normalize()
    return f"{value:f}"


_READERS: Final[tuple[tuple[re.Pattern[str], _Read], ...]] = (
    (_PERCENT, _read_percent),
    (_DATE, _read_date),
    (_TIME, _read_time),
)
