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
from csc_dspy.signatures import Labels, labels_of

if TYPE_CHECKING:
    import dspy
    from pydantic.fields import FieldInfo

_MARKER: Final = re.compile(r"^[ \t*_>`]*\[\[\s*##\s*(\w+)\s*##\s*\]\][*_`]*", re.MULTILINE)
_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "「": "」", "`": "`"}


def read_answer(signature: type[dspy.Signature], text: str) -> dict[str, Any]:
    """The value of every output field; AnswerError says what could not be read."""
    sections = _sections(text)
    outputs = signature.output_fields
    if not sections and len(outputs) == 1:
        # Without any marker the whole text answers the only field there is.
        sections = {next(iter(outputs)): text.strip()}
    return {name: _value(name, field, sections) for name, field in outputs.items()}


def _sections(text: str) -> dict[str, str]:
    """What stands behind each field marker; the first wins where one is repeated."""
    markers = list(_MARKER.finditer(text))
    ends = [*(marker.start() for marker in markers[1:]), len(text)]
    sections: dict[str, str] = {}
    for marker, end in zip(markers, ends, strict=False):
        sections.setdefault(marker[1].casefold(), text[marker.end() : end].strip())
    return sections


def _value(name: str, field: FieldInfo, sections: Mapping[str, str]) -> Any:  # noqa: ANN401  of the field's type
    text = sections.get(name.casefold())
    if text is None:
        if not field.is_required():
            return field.get_default(call_default_factory=True)
        raise AnswerError(f"the field {name!r} is missing")
    if not text:
        raise AnswerError(f"the field {name!r} is empty")
    labels = labels_of(field)
    if labels is not None:
        return _label(name, labels, text)
    if field.annotation is str:
        return text
    if get_origin(field.annotation) is Literal:
        return _choice(name, get_args(field.annotation), text)
    return _other(name, field, text)


def _label(name: str, labels: Labels, text: str) -> str:
    # The whole, or its first line where an explanation follows, or the only name in the prose.
    for candidate in (text, text.splitlines()[0]):
        with suppress(LabelError):
            return labels.normalise(candidate)
    named = labels.named_in(text)
    if len(named) == 1:
        return named[0]
    problem = "names no label" if not named else f"names more than one label: {', '.join(named)}"
    raise AnswerError(f"the field {name!r} {problem}", remedy=f"one of: {', '.join(labels.names)}")


def _choice(name: str, choices: tuple[object, ...], text: str) -> object:
    """A choice of a signature that is not ours, forgiving case, quotes and a final stop."""
    plain = text.strip().rstrip(".。").casefold()
    plain = plain[1:-1] if len(plain) > 1 and _QUOTES.get(plain[0]) == plain[-1] else plain
    for choice in choices:
        if str(choice).casefold() == plain:
            return choice
    raise AnswerError(f"the field {name!r} is none of: {', '.join(map(str, choices))}")


def _other(name: str, field: FieldInfo, text: str) -> Any:  # noqa: ANN401  of the field's type
    from dspy.adapters.utils import parse_value

    try:
        return parse_value(text, field.annotation)
    except ValueError as error:
        raise AnswerError(f"the field {name!r} is not a {field.annotation}") from error
