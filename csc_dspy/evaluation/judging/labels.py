"""Verdicts of people on conversations, from a file, in the form that judgements have too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import DataError, LabelError
from csc_dspy.signatures import Criterion, parse_verdict

if TYPE_CHECKING:
    from csc_dspy.evaluation.judging.many import Judged

Labels = dict[str, dict[str, bool]]
"""By dialogue, then by criterion: whether it is met. A criterion that nobody judged is left out."""


def conversation_name(conversation: Conversation) -> str:
    """What results and labels call a conversation."""
    return conversation.id or conversation.content_hash[:16]


def labels_of(results: Iterable[Judged]) -> Labels:
    """The verdicts of a judging; conversations that it failed on are left out.

    DataError if two conversations have the same name.
    """
    labels: Labels = {}
    for each in results:
        if each.name in labels:
            raise DataError(f"two dialogues are called {each.name!r}", remedy="give each an id of its own")
        if each.judgement:
            labels[each.name] = each.judgement.met()
    return labels


def read_labels(path: str | Path, criteria: tuple[Criterion, ...]) -> Labels:
    """Labels from JSON Lines, each ``{"dialogue": NAME, CRITERION: VERDICT, …}``.

    Verdicts may be in any usual spelling. DataError says which line is wrong: a criterion that is none, a
    verdict that is neither, a dialogue twice.
    """
    labels: Labels = {}
    for where, row in _rows(Path(path)):
        name = row.pop("dialogue", None)
        if not isinstance(name, str) or not name:
            raise DataError("has no 'dialogue'", where=where, remedy="give the id of the conversation")
        if name in labels:
            raise DataError(f"labels the dialogue {name!r} again", where=where, remedy="keep one of them")
        labels[name] = _verdicts(row, [each.id for each in criteria], where)
    return labels


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DataError(f"cannot be read: {reason}", where=str(path)) from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}:{number}", _row(line, f"{path}:{number}")


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise DataError("is not a JSON object", where=where, remedy="put one object on each line")
    return row


def _verdicts(row: Mapping[str, object], criteria: list[str], where: str) -> dict[str, bool]:
    unknown = sorted(set(row) - set(criteria))
    if unknown:
        raise DataError(
            f"{unknown[0]!r} is no criterion", where=where, remedy=f"they are {', '.join(criteria)}"
        )
    try:
        return {name: parse_verdict(str(value)) for name, value in row.items() if value is not None}
    except LabelError as error:
        raise DataError(error.problem, where=where, remedy=error.remedy) from error
