"""What a folder of a role play holds, for those who look at it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csc_dspy.conversations import Conversation
from csc_dspy.data.reading import read
from csc_dspy.exceptions import DataError
from csc_dspy.roleplay._base import Flaw, Profile
from csc_dspy.roleplay.output.names import CONVERSATIONS, FAILED, KIND, MANIFEST, REJECTED
from csc_dspy.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Rejected:
    """A dialogue that was not kept, and all that is wrong with it."""

    conversation: Conversation
    flaws: tuple[Flaw, ...]


def is_corpus(folder: Path) -> bool:
    """Whether a folder is one of ours."""
    try:
        kind: object = json.loads((folder / MANIFEST).read_bytes())["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        # Whatever is there, it is no manifest of ours.
        return False
    return kind == KIND


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest; DataError if the folder is no role play."""
    if not is_corpus(folder):
        raise DataError("is no role play", where=str(folder), remedy="name a folder that it has written")
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return manifest


def kept_of(folder: Path, taxonomy: Taxonomy) -> Iterator[Conversation]:
    """The dialogues that were kept, one at a time; none of an empty corpus."""
    file = folder / CONVERSATIONS
    return iter(read(file, taxonomy=taxonomy)) if file.stat().st_size else iter(())


def profiles_of(folder: Path) -> Iterator[Profile]:
    """The customers of the dialogues that were kept, as often as they occur."""
    return (Profile(**row["profile"]) for row in _rows(folder / CONVERSATIONS))


def rejected_of(folder: Path, taxonomy: Taxonomy) -> Iterator[Rejected]:
    """The dialogues that were not kept, one at a time."""
    for row in _rows(folder / REJECTED):
        yield Rejected(
            Conversation.model_validate(row["conversation"], context=taxonomy),
            tuple(Flaw(each["reason"], each["detail"], each.get("turn")) for each in row["reasons"]),
        )


def failed_of(folder: Path) -> Iterator[dict[str, Any]]:
    """The tasks that came to no end, one at a time."""
    return _rows(folder / FAILED)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _row(line, f"{file}:{number}")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(file)) from error


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise DataError("is not JSON", where=where) from error
    return row
