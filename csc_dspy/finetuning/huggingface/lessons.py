"""Rows of fine-tuning data, read back: questions with their answers, in chat or preference form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import DataError

Message = Mapping[str, Any]
"""``role`` and ``content``."""

_TRAIN: Final = "train.jsonl"
_VALIDATION: Final = "validation.jsonl"
_REMEDY: Final = "make the rows with csc-dspy export --format openai"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question and what to answer."""

    messages: Sequence[Message]
    answer: str
    rejected: str | None = None
    """What not to answer, in preference data."""


@dataclass(frozen=True, slots=True)
class Data:
    """The files of an export folder, or one file alone."""

    train: Path
    validation: Path | None
    folder: Path | None

    @property
    def files(self) -> list[Path]:
        """All that is learned from or measured on."""
        return [self.train, *([self.validation] if self.validation else [])]


def find_data(data: Path) -> Data:
    """The files of fine-tuning data; DataError if there are none."""
    if data.is_file():
        return Data(data, None, None)
    if not (data / _TRAIN).is_file():
        problem = f"has no {_TRAIN}" if data.is_dir() else "there is no such file or folder"
        raise DataError(problem, where=str(data), remedy=_REMEDY)
    validation = data / _VALIDATION
    return Data(data / _TRAIN, validation if validation.is_file() else None, data)


def read_lessons(file: Path) -> Iterator[Lesson]:
    """The rows of a JSONL file; DataError at the first that is none, and for a file without any."""
    empty = True
    pairs: bool | None = None
    for number, line in _lines(file):
        where = f"{file}:{number}"
        lesson = _lesson(_parsed(line, where))
        if lesson is None:
            raise DataError("is no question with an answer in chat form", where=where, remedy=_REMEDY)
        if not lesson.answer.strip():
            raise DataError("the answer is empty", where=where, remedy="leave the row out")
        if pairs not in {None, lesson.rejected is not None}:
            raise DataError("pairs and single answers are mixed", where=where, remedy="train on one of them")
        pairs, empty = lesson.rejected is not None, False
        yield lesson
    if empty:
        raise DataError("holds no rows", where=str(file), remedy=_REMEDY)


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(file)) from error


def _parsed(line: str, where: str) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise DataError("is not JSON", where=where, remedy=_REMEDY) from error


def _lesson(row: object) -> Lesson | None:
    """The row in any of the forms that exports have: OpenAI's and TRL's, of answers and of pairs."""
    match row:
        case {"messages": [*question, answer]}:
            return _checked(question, [answer])
        case {"prompt": [*question], "completion": [*answer]}:
            return _checked(question, answer)
        case {
            "input": {"messages": [*question]},
            "preferred_output": [*answer],
            "non_preferred_output": [*rejected],
        } | {"prompt": [*question], "chosen": [*answer], "rejected": [*rejected]}:
            return _checked(question, answer, rejected)
        case _:
            return None


def _checked(
    question: Sequence[object], answer: Sequence[object], rejected: Sequence[object] | None = None
) -> Lesson | None:
    if not question or not all(_is_message(message) for message in question):
        return None
    right, wrong = _said(answer), None if rejected is None else _said(rejected)
    if right is None or (rejected is not None and wrong is None):
        return None
    return Lesson(question, right, wrong)  # type: ignore[arg-type]  # every one has been looked at


def _said(answer: Sequence[object]) -> str | None:
    match answer:
        case [{"role": "assistant", "content": str(text)}]:
            return text
        case _:
            return None


def _is_message(message: object) -> bool:
    match message:
        case {"role": "system" | "user" | "assistant", "content": str()}:
            return True
        case _:
            return False
