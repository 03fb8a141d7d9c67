"""Keeping evaluation dialogues out of training data, and training dialogues out of evaluations.

The published data set has both in one split, so a slip would go unnoticed and make every result worthless.
What is refused is told from the names of sources, files and folders, and from the ``source`` of every row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Final, Literal

from csc_dspy.conversations import Conversation
from csc_dspy.data.parts import EVALUATION, TRAINING, parts_in_name, parts_in_path
from csc_dspy.data.readers import RawRow
from csc_dspy.data.source import Source
from csc_dspy.exceptions import LeakError

Use = Literal["train", "evaluate"]

_WANTED: Final[dict[Use, str]] = {"train": TRAINING, "evaluate": EVALUATION}
_REFUSED: Final[dict[Use, str]] = {"train": EVALUATION, "evaluate": TRAINING}


def check_source(source: Source, files: Iterable[PurePath], use: Use) -> None:
    """Refuse a source that by its names holds what ``use`` must not see; LeakError."""
    wanted, refused = _WANTED[use], _REFUSED[use]
    if source.kind == "hub" and not source.part:
        raise LeakError(
            f"a data set of the hub may hold {EVALUATION} and {TRAINING} at once",
            where=str(source),
            remedy=f"name the part, as in {source}:{wanted}",
        )
    named = parts_in_name(source.part or "")
    # Rows of a part that is wanted are picked by its name, whatever else the names of files mention.
    if refused in named or (wanted not in named and any(refused in parts_in_path(file) for file in files)):
        raise _leak(str(source), use)


def check_rows(rows: Iterable[RawRow], use: Use) -> Iterator[RawRow]:
    """The rows; LeakError at the first whose ``source`` says that ``use`` must not see it."""
    refused = _REFUSED[use].casefold()
    for row in rows:
        source = row.value.get("source") if isinstance(row.value, dict) else None
        if isinstance(source, str) and source.casefold().startswith(refused):
            raise _leak(f"{row.file}:{row.line}", use)
        yield row


def check_conversations(
    conversations: Iterable[Conversation], use: Use, where: str
) -> Iterator[Conversation]:
    """The conversations; LeakError at the first whose ``source`` says that ``use`` must not see it."""
    refused = _REFUSED[use].casefold()
    for conversation in conversations:
        if conversation.source is not None and conversation.source.casefold().startswith(refused):
            raise _leak(f"{where}, dialogue {conversation.id or conversation.content_hash[:16]}", use)
        yield conversation


def _leak(where: str, use: Use) -> LeakError:
    if use == "train":
        problem = f"{EVALUATION} is for evaluation; trained on, it would tell nothing any more"
    else:
        problem = f"{TRAINING} is for training; evaluating on it measures memory"
    remedy = f"use {_WANTED[use]}, {_WANTED[use].lower()}-sample or dialogues of your own"
    return LeakError(problem, where=where, remedy=remedy)
