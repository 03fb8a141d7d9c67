"""From an answer's text to the values of a signature's output fields.

Language models answer in other case, with the number or the abbreviation, in the other language, with prose
around it or without the field markers. Whatever points at exactly one label is read as that label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

from csc_dspy.exceptions import AnswerError, LabelError
from csc_dspy.signatures import Labels, Verdict, labels_of, verdict_of
from csc_dspy.taxonomy import Localized

if TYPE_CHECKING:
    import dspy
    from pydantic.fields import FieldInfo

MARKER: Final = re.compile(
    # Whatever is marked at the beginning of a line, in any dress; the end of the answer anywhere, because it
    # must never become part of what a customer reads.
    r"^[ \t*_>`]*\[\[\s*##\s*(\w+)\s*##\s*\]\][*_`]*|\[\[\s*##\s*(?i:completed)\s*##\s*\]\]",
    re.MULTILINE,
)
"""What begins a field, whose name is its first group, or ends the answer."""

_END: Final = "completed"
_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "「": "」", "`": "`"}

_MISSING: Final = Localized(en="the field {name!r} is missing", zh="缺少字段 {name}")
_EMPTY: Final = Localized(en="the field {name!r} is empty", zh="字段 {name} 是空的")
_NO_LABEL: Final = Localized(en="the field {name!r} names no label", zh="字段 {name} 不是任何一个规定的标签")
_SEVERAL: Final = Localized(
    en="the field {name!r} names more than one label: {labels}", zh="字段 {name} 给出了不止一个标签：{labels}"
)
_NO_CHOICE: Final = Localized(
    en="the field {name!r} is none of: {choices}", zh="字段 {name} 只能是以下之一：{choices}"
)
_OTHER_TYPE: Final = Localized(en="the field {name!r} is not a {type}", zh="字段 {name} 不是 {type} 类型")


class FlawError(AnswerError):
    """What is wrong with an answer: in English for people, in either language for the one who answered."""

    def __init__(self, problem: Localized, *, remedy: str | None = None, **values: object) -> None:
        self.told = Localized(en=problem.en.format(**values), zh=problem.zh.format(**values))
        super().__init__(self.told.en, remedy=remedy)


def read_answer(signature: type[dspy.Signature], text: str) -> dict[str, Any]:
    """The value of every output field; FlawError says what could not be read."""
    before, sections = _sections(text)
    outputs = signature.output_fields
    if not sections and len(outputs) == 1:
        # Without the marker of any field the text answers the only field there is.
        sections = {next(iter(outputs)): before}
    return {name: _value(name, field, sections) for name, field in outputs.items()}


def _sections(text: str) -> tuple[str, dict[str, str]]:
    """What stands before all markers, and behind that of each field; the first wins where one is repeated."""
    markers = list(MARKER.finditer(text))
    begin, *ends = [*(marker.start() for marker in markers), len(text)]
    sections: dict[str, str] = {}
    for marker, end in zip(markers, ends, strict=True):
        name = (marker[1] or _END).casefold()
        if name != _END:
            sections.setdefault(name, text[marker.end() : end].strip())
    return text[:begin].strip(), sections


def _value(name: str, field: FieldInfo, sections: Mapping[str, str]) -> Any:  # noqa: ANN401  of the field's type
    text = sections.get(name.casefold())
    if text is None:
        if not field.is_required():
            return field.get_default(call_default_factory=True)
        raise FlawError(_MISSING, name=name)
    if not text:
        raise FlawError(_EMPTY, name=name)
    labels = labels_of(field) or verdict_of(field)
    if labels is not None:
        return _label(name, labels, text)
    if field.annotation is str:
        return text
    if get_origin(field.annotation) is Literal:
        return _choice(name, get_args(field.annotation), text)
    return _other(name, field, text)


def _label(name: str, labels: Labels | Verdict, text: str) -> str:
    # The whole, or its first line where an explanation follows, or the only name in the prose.
    for candidate in (text, text.splitlines()[0]):
        with suppress(LabelError):
            return labels.normalise(candidate)
    named = labels.named_in(text)
    if len(named) == 1:
        return named[0]
    problem = _SEVERAL if named else _NO_LABEL
    remedy = f"one of: {', '.join(labels.names)}"
    raise FlawError(problem, remedy=remedy, name=name, labels=", ".join(named))


def _choice(name: str, choices: tuple[object, ...], text: str) -> object:
    """A choice of a signature that is not ours, forgiving case, quotes and a final stop."""
    plain = text.strip().rstrip(".。").casefold()
    plain = plain[1:-1] if len(plain) > 1 and _QUOTES.get(plain[0]) == plain[-1] else plain
    for choice in choices:
        if str(choice).casefold() == plain:
            return choice
    raise FlawError(_NO_CHOICE, name=name, choices=", ".join(map(str, choices)))


def _other(name: str, field: FieldInfo, text: str) -> Any:  # noqa: ANN401  of the field's type
    from dspy.adapters.utils import parse_value

    # Not as its cause: the library's error quotes the answer.
    with suppress(ValueError):
        return parse_value(text, field.annotation)
    raise FlawError(_OTHER_TYPE, name=name, type=field.annotation)
