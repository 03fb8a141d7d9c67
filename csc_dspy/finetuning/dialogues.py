"""The dialogues that rows are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Final

from csc_dspy.conversations import Conversation
from csc_dspy.data import Corpus, read
from csc_dspy.data.source import Source, parse_source
from csc_dspy.data.use import check_conversations
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Language, Taxonomy

Given = str | PathLike[str] | Iterable[Conversation]
"""A source as `csc_dspy.read` takes it, or conversations."""

_IN_MEMORY: Final = "conversations"


class Dialogues:
    """Dialogues to learn from; each iteration goes through them anew, one at a time."""

    def __init__(self, conversations: Iterable[Conversation], name: str, taxonomy: Taxonomy) -> None:
        self.name = name
        """Where they are from, without the folders of this machine."""
        self.limit: int | None = None
        self.language: Language | None = None
        self._conversations = conversations
        self._taxonomy = taxonomy

    def __iter__(self) -> Iterator[Conversation]:
        return islice(self._wanted(), self.limit)

    @property
    def set_aside(self) -> int:
        """How many bad rows were not read, the last time."""
        return self._conversations.quarantined if isinstance(self._conversations, Corpus) else 0

    def _wanted(self) -> Iterator[Conversation]:
        for conversation in check_conversations(self._conversations, "train", self.name):
            if conversation.taxonomy != self._taxonomy:
                raise DataError(
                    f"is labelled by the taxonomy {conversation.taxonomy.id!r}, "
                    f"and the program works by {self._taxonomy.id!r}",
                    where=f"{self.name}, dialogue {conversation.id or conversation.content_hash[:16]}",
                    remedy="use one taxonomy throughout",
                )
            if self.language in {None, conversation.spoken_language}:
                yield conversation


def opened(
    given: Given,
    taxonomy: Taxonomy,
    *,
    language: Language | None = None,
    limit: int | None = None,
    quarantine: Path | None = None,
) -> Dialogues:
    """The dialogues of a source that is read several times; DataError if it cannot be."""
    if isinstance(given, str | PathLike):
        found = _from_source(given, taxonomy, language, quarantine)
    else:
        source = getattr(given, "source", None)
        name = _IN_MEMORY if source is None else name_of(parse_source(source))
        found = Dialogues([*given] if isinstance(given, Iterator) else given, name, taxonomy)
        found.language = language
    found.limit = limit
    return found


def name_of(source: Source) -> str:
    """A source without the folders of this machine."""
    path = source.path
    name = str(source) if path is None else Path(path).resolve().name
    return f"{name}:{source.part}" if path is not None and source.part else name


def _from_source(
    given: str | PathLike[str], taxonomy: Taxonomy, language: Language | None, quarantine: Path | None
) -> Dialogues:
    source = parse_source(given)
    if source.once:
        raise DataError(
            "can be read only once, and an export reads twice",
            where=str(source),
            remedy="save it to a file first",
        )
    corpus = read(given, taxonomy=taxonomy, language=language, use="train", quarantine=quarantine)
    return Dialogues(corpus, name_of(source), taxonomy)
