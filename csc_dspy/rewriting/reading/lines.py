"""What a line of a transcript is: who says what and when, the beginning of a dialogue, or none of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from csc_dspy.rewriting.reading.speakers import Speakers, Voice

What = Literal["said", "more", "begin", "about", "blank", "clock", "notice", "stranger"]
"""``said`` by somebody, ``more`` of what was said before, ``begin`` of a dialogue, something ``about`` it,
a ``blank`` line, the time alone as a ``clock``, a ``notice`` of a machine, or said by a ``stranger``."""

_CLOCK: Final = (
    r"(?:(?:上午|下午|凌晨|晚上) ?)?\d{1,3}[:：]\d{2}(?:[:：]\d{2})?(?:[.,]\d{1,6})?"
    r"(?: ?[AaPp]\.?[Mm]\b\.?)?Z?"
)
_DAY: Final = r"(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
_TIME: Final = rf"(?:{_DAY}[ ,T]{{0,2}})?{_CLOCK}(?![:：]\d)"
_OPEN, _CLOSE = r"[\[(（【<]", r"[\])）】>]"
_LEADING_TIME: Final = re.compile(
    rf"(?:{_OPEN} ?)?(?P<time>{_TIME})(?: ?(?:-->|->|-|–|~|至|to) ?{_TIME})?(?: ?{_CLOSE})? ?(?:[-|–,，] ?)?"
)
_SPOKEN: Final = re.compile(
    rf"(?P<label>[^:：>|]{{1,40}}?)(?: ?{_OPEN}?(?P<time>{_TIME}){_CLOSE}?)?(?:\*\*)? ?(?:[:：>|]|"
    rf" [-–—] )(?:\*\*)? ?(?P<text>.*)",
    re.DOTALL,
)
_TAGGED: Final = re.compile(
    rf"{_OPEN}(?P<label>[^\[\]()（）【】<>]{{1,20}}?)(?: (?P<time>{_TIME}))?{_CLOSE} ?(?P<text>.+)", re.DOTALL
)
_HEADED: Final = re.compile(rf"(?P<label>.{{1,40}}?) ?{_OPEN}?(?P<time>{_TIME}){_CLOSE}?")
_ALONE: Final = re.compile(r"(?P<label>.{1,40})")
_BULLET: Final = re.compile(r"^(?:[-*•>#]+ )?(?:\*\*)?")

_RULE: Final = re.compile(r"[=\-*#_~—]{3,}")
_NUMBERED: Final = re.compile(
    r"[=\-*#_~<>《》【】\[\] ]*(?:对话|会话|通话|录音|案例|样本|dialogue|dialog|conversation|call|"
    r"session|transcript|chat|case|ticket)"
    r" ?(?:id|编号|流水号|号|no\.?|number)? ?[#:：]? ?(?P<id>(?=[^ ]*\d)[\w.\-]{1,60})"
    r" ?[=\-*#_~<>《》【】\[\]:： ]*"
    r"|[=\-*#_~ ]*第 ?(?P<nth>[\d一二三四五六七八九十百]+) ?(?:通|个|段|条|则|次)(?:对话|通话|"
    r"会话|录音|电话)?[=\-*#_~: ：]*",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"(?:日期|时间|通话时间|开始时间|结束时间|时长|通话时长|来电号码|来电|主叫|主叫号码|被叫|被叫号码|工号|坐席工号|客服工号|渠道|主题|业务类型|"
    r"类型|来源|客户姓名|客户编号|满意度|语言|地区|date|time|start|end|start time|end time|"
    r"duration|caller id|channel|subject|topic|"
    r"queue|agent id|agent name|customer id|customer name|client id|user id|language|region|"
    r"category|source|from|to|score|status)"
    r" ?[:：].*",
    re.IGNORECASE,
)
# Words before a colon that belong to what somebody says.
_FIELD: Final = re.compile(
    r"(?:.*(?:号|号码|编号|地址|电话|金额|时间|日期|姓名|邮箱|密码|型号|链接|网址|如下|说|道|注意|备注|例如|比如|原因|步骤.*|方案.*|第.*|ps)|"
    r"https?|www|note|ps|p\.s\.|e\.g\.|step.*|option.*|address|email|phone|order.*|tracking.*|.*number|.*id|subject|re|url|.*code|total|"
    r"date|time|.*\d|.*[,，.。!！?？;；].*)",
    re.IGNORECASE,
)
_LONGEST_NAME: Final = 12
_MOST_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A line taken apart. ``id`` is that of the dialogue it begins."""

    what: What
    text: str = ""
    voice: Voice | None = None
    time: str | None = None
    id: str | None = None


class LineParser:
    """Takes lines apart, without regard to those around them."""

    def __init__(self, speakers: Speakers) -> None:
        self._speakers = speakers

    def untabbed(self, line: str) -> str:
        """A line with a colon behind the name where a tab sets it apart from the text."""
        cells = line.split("\t")
        for place, cell in enumerate(cells[:-1]):
            if self._speakers.who(cell):
                before, behind = " ".join(cells[:place]), " ".join(cells[place + 1 :])
                return f"{before} {cell}: {behind}".strip()
        return line

    def parse(self, line: str) -> Line:
        """A clean line, see `csc_dspy.rewriting.reading.cleaning`."""
        if not line:
            return Line("blank")
        begin = _RULE.fullmatch(line) or _NUMBERED.fullmatch(line)
        if begin:
            found = begin.groupdict() if begin.re is _NUMBERED else {}
            return Line("begin", line, id=found.get("id") or found.get("nth"))
        timed = _LEADING_TIME.match(line)
        rest = line[timed.end() :] if timed else line
        time = timed["time"] if timed else None
        return self._said(rest, time) or self._other(line, rest, time)

    def _said(self, rest: str, time: str | None) -> Line | None:
        rest = _BULLET.sub("", rest, count=1)
        for form in (_HEADED, _SPOKEN, _TAGGED, _ALONE):
            found = form.fullmatch(rest)
            if found is None:
                continue
            parts = found.groupdict()
            time_here = time or parts.get("time")
            alone = form is _ALONE and time_here is None
            voice = (self._speakers.known if alone else self._speakers.who)(parts["label"])
            if voice is not None:
                text = (parts.get("text") or "").strip()
                return Line("notice" if voice == "system" else "said", text, voice, time_here)
        return None

    def _other(self, line: str, rest: str, time: str | None) -> Line:
        if time is not None and not rest:
            return Line("clock", line)
        if _ABOUT.fullmatch(line):
            return Line("about", line)
        found = _SPOKEN.fullmatch(rest)
        if found and _looks_like_a_name(found["label"], timed=time is not None):
            return Line("stranger", line, time=time)
        return Line("more", rest, time=time)


def _looks_like_a_name(label: str, *, timed: bool) -> bool:
    """Whether somebody else seems to speak; behind a time nearly everything is a name."""
    label = label.strip(" *_#[]【】()（）<>")
    if not label or len(label.split()) > _MOST_WORDS or (_FIELD.fullmatch(label) and not timed):
        return False
    return len(label) <= (24 if label.isascii() else _LONGEST_NAME)
