"""Answer files, checked against the form they claim to answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from csc_dspy.evaluation.human.files import Answers, Key, read_file
from csc_dspy.exceptions import ConfigError, DataError


def collect(key: Key, files: Sequence[str | Path], *, partial: bool) -> list[Answers]:
    """The answers of every file, in order; DataError if one is of another form, not whole, or comes twice."""
    if not files:
        raise ConfigError("there are no answers", remedy="give the files that raters sent back")
    by_rater: dict[str, tuple[str | Path, Answers]] = {}
    for file in files:
        answers = read_file(file, Answers)
        _check_form(key, answers, file)
        if not partial:
            _check_complete(key, answers, file)
        name = answers.rater.strip().casefold()
        if name in by_rater:
            raise DataError(
                f"has answers of {answers.rater!r}, and so has {by_rater[name][0]}",
                where=str(file),
                remedy="give one file of each rater; raters of the same name need different ones",
            )
        by_rater[name] = (file, answers)
    return [answers for _, answers in by_rater.values()]


def _check_form(key: Key, answers: Answers, file: str | Path) -> None:
    if answers.form != key.form:
        raise DataError(
            f"answers another form, {answers.form}",
            where=str(file),
            remedy=f"this key is of the form {key.form}",
        )
    unknown = {name for answer in answers.answers for name in answer}.difference(key.aspects)
    if unknown or len(answers.answers) != len(key.items):
        what = f"the question {min(unknown)!r}" if unknown else f"{len(answers.answers)} comparisons"
        raise DataError(
            f"answers {what}, which is not what the form asks for",
            where=str(file),
            remedy="give the file that the form saved, unchanged",
        )


def _check_complete(key: Key, answers: Answers, file: str | Path) -> None:
    gaps = [
        (number, aspect)
        for number, answer in enumerate(answers.answers, 1)
        for aspect in key.aspects
        if aspect not in answer
    ]
    if gaps:
        number, aspect = gaps[0]
        raise DataError(
            f"{len(gaps)} answers are missing, the first is {aspect!r} of comparison {number}",
            where=str(file),
            remedy="let the rater finish, or take partial answers",
        )
