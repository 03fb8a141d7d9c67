"""Which conversations of a source are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import Conversation
from csc_dspy.data.reading import as_taxonomy, read
from csc_dspy.exceptions import DataError
from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.output import REJECTED, is_corpus, rejected_of

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Language


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation with its place in the source, from 1, and what was wrong with it, if it was rejected."""

    place: int
    conversation: Conversation
    flaws: tuple[Flaw, ...] = ()

    def row(self) -> dict[str, Any]:
        """The row, with the reasons of a rejection."""
        row = self.conversation.row()
        if not self.flaws:
            return row
        reasons = [{"reason": each.reason, "detail": each.detail, "turn": each.turn} for each in self.flaws]
        return {"reasons": reasons, **row}


def select(
    source: str,
    *,
    rejected: bool = False,
    dialogue: str | None = None,
    limit: int | None = None,
    language: Language | None = None,
    taxonomy: str | None = None,
) -> Iterator[Shown]:
    """The conversations of a source as `csc_dspy.read` takes it, one at a time.

    ``rejected`` shows those that a role play did not keep; ``source`` is then its folder, or the file with
    them. ``dialogue`` is an id, or a place from 1. DataError if that is not there.
    """
    found = _all(source, rejected=rejected, taxonomy=taxonomy)
    chosen = (each for each in found if language in (None, each.conversation.spoken_language))
    if dialogue is not None:
        return iter((_one(chosen, dialogue, source),))
    return islice(chosen, limit)


def _all(source: str, *, rejected: bool, taxonomy: str | None) -> Iterator[Shown]:
    path = Path(source)
    if rejected or path.name == REJECTED:
        folder = path if path.is_dir() else path.parent
        if not (is_corpus(folder) or (folder / REJECTED).is_file()):
            raise DataError(
                "is no folder of a role play", where=source, remedy="only role plays keep what they reject"
            )
        for place, each in enumerate(rejected_of(folder, as_taxonomy(taxonomy)), 1):
            yield Shown(place, each.conversation, each.flaws)
        return
    for place, conversation in enumerate(read(source, taxonomy=taxonomy), 1):
        yield Shown(place, conversation)


def _one(found: Iterator[Shown], dialogue: str, source: str) -> Shown:
    for each in found:
        if dialogue in (each.conversation.id, str(each.place)):
            return each
    raise DataError(f"no dialogue {dialogue!r}", where=source, remedy="give an id, or a place counted from 1")
