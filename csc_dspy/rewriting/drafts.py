"""Rewritten conversations as a language model writes them: read line by line, and held against their form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from csc_dspy.conversations import Turn, one_line
from csc_dspy.exceptions import LabelError
from csc_dspy.rewriting.notices import is_notice
from csc_dspy.rewriting.reading import Speakers
from csc_dspy.taxonomy import Localized

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Strategy, Taxonomy

_LINE: Final = re.compile(
    r"[\s*_>•#-]*(?:\d{1,3} ?[.、)] ?)?[\s*_]*(?P<who>[^\W\d_][^:：\[\]【】（）()*]{0,29}?)[\s*_]*"
    r"(?P<label>\[[^\[\]]*\]|【[^【】]*】|\([^()]*\)|（[^（）]*）)?[\s*_]*[:：][\s*_]*(?P<text>.*)"
)
_LABEL_BEFORE: Final = re.compile(r"[\[【](?P<label>[^\[\]【】]*)[\]】]\s*(?P<text>.+)")
_FENCE: Final = re.compile(r"\s*(?:```\w*|---+)?\s*")
_MOST_TOLD: Final = 5

_NOTHING: Final = Localized(en="it has no turns", zh="里面没有任何一轮对话")
_NO_SPEAKER: Final = Localized(en="line {line} names no speaker", zh="第{line}行没有写明说话人")
_STRANGER: Final = Localized(
    en="line {line} is said neither by the customer nor by the supporter",
    zh="第{line}行的说话人既不是客户也不是客服",
)
_UNLABELLED: Final = Localized(
    en="the supporter's line {line} names no strategy in brackets",
    zh="客服的第{line}行没有在方括号里写明策略",
)
_NO_STRATEGY: Final = Localized(
    en="what line {line} has in brackets is not exactly one of the strategies",
    zh="第{line}行方括号里的内容不是规定策略中的某一个",
)
_EMPTY: Final = Localized(en="line {line} says nothing", zh="第{line}行没有内容")
_TWICE: Final = Localized(
    en="line {line} is by the same speaker as the line before", zh="第{line}行与上一行是同一个说话人"
)


class DraftError(Exception):
    """What is wrong with a draft, in both languages."""

    def __init__(self, flaws: list[Localized]) -> None:
        self.told = Localized(
            en="; ".join(each.en for each in flaws[:_MOST_TOLD]),
            zh="；".join(each.zh for each in flaws[:_MOST_TOLD]),
        )
        super().__init__(self.told.en)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    who: str | None
    label: str
    text: str


def read_draft(text: str, taxonomy: Taxonomy) -> tuple[Turn, ...]:
    """The turns of a rewriting; DraftError if it is none.

    The supporter's turns must have exactly one strategy each, and the speakers alternate. What a machine
    announces at the end is left out.
    """
    lines = _without_notices(list(_lines(text, taxonomy)))
    flaws = list(_flaws(lines, taxonomy))
    if flaws:
        raise DraftError(flaws)
    return tuple(_turn(line, taxonomy) for line in lines)


def _lines(text: str, taxonomy: Taxonomy) -> Iterator[_Line]:
    speakers = Speakers()
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.fullmatch(line):
            continue
        found = _LINE.fullmatch(line)
        who = speakers.who(found["who"]) if found else None
        if found is None or who is None:
            yield _Line(number, "stranger" if found else None, "", line.strip())
        else:
            label = (found["label"] or "")[1:-1].strip()
            said = _Line(number, who, label, one_line(found["text"].rstrip("*_ ")))
            yield said if label or who != "supporter" else _with_label(said, taxonomy)


def _with_label(line: _Line, taxonomy: Taxonomy) -> _Line:
    """A line with the label from before its text, if one stands there."""
    found = _LABEL_BEFORE.fullmatch(line.text)
    labelled = replace(line, label=found["label"], text=found["text"]) if found else line
    return labelled if _strategy(labelled, taxonomy) else line


def _without_notices(lines: list[_Line]) -> list[_Line]:
    while lines and (lines[-1].who == "system" or (lines[-1].who is None and is_notice(lines[-1].text))):
        lines.pop()
    return lines


def _flaws(lines: list[_Line], taxonomy: Taxonomy) -> Iterator[Localized]:
    if not lines:
        yield _NOTHING
    before = None
    for line in lines:
        if problem := _flaw(line, before, taxonomy):
            yield Localized(en=problem.en.format(line=line.number), zh=problem.zh.format(line=line.number))
        before = line.who


def _flaw(line: _Line, before: str | None, taxonomy: Taxonomy) -> Localized | None:
    if line.who is None:
        return _NO_SPEAKER
    if line.who not in {"customer", "supporter"}:
        return _STRANGER
    if not line.text:
        return _EMPTY
    if line.who == before:
        return _TWICE
    if line.who == "supporter":
        return (_NO_STRATEGY if _strategy(line, taxonomy) is None else None) if line.label else _UNLABELLED
    return None


def _strategy(line: _Line, taxonomy: Taxonomy) -> Strategy | None:
    try:
        return taxonomy.strategy(line.label)
    except LabelError:
        # Told as a flaw, with the line it stands in.
        return None


def _turn(line: _Line, taxonomy: Taxonomy) -> Turn:
    if line.who == "customer":
        return Turn(speaker="customer", text=line.text)
    return Turn(speaker="supporter", text=line.text, strategy=_strategy(line, taxonomy))
