"""The dialogues of an evaluation."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from csc_dspy.conversations import Conversation, TurnExample, turn_examples
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import LANGUAGES, Language, Taxonomy


@dataclass(frozen=True, slots=True)
class Case:
    """A dialogue to evaluate on, under a name that no other has."""

    name: str
    conversation: Conversation
    examples: tuple[TurnExample, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the supporter's turns are in a dialogue."""

    length: int
    turns: frozenset[int]


@dataclass(frozen=True, slots=True)
class Overview:
    """What one pass over the dialogues tells."""

    shapes: Mapping[str, Shape]
    """By the names of the dialogues, in their order."""
    languages: tuple[Language, ...]
    fingerprint: str
    """A hash of everything in them."""

    @property
    def turns(self) -> int:
        """The number of turns to predict."""
        return sum(len(shape.turns) for shape in self.shapes.values())


class Cases:
    """Dialogues by name; each iteration goes through them anew. An iterator is kept in memory for that.

    A dialogue is called by its id, or by the first 16 characters of its content's hash; the second of the
    same name gets ``~2`` behind it.
    """

    def __init__(
        self, conversations: Iterable[Conversation], taxonomy: Taxonomy, limit: int | None = None
    ) -> None:
        once = isinstance(conversations, Iterator)
        self._conversations = list(islice(conversations, limit)) if once else conversations
        self._limit = limit
        self.taxonomy = taxonomy
        self.source = str(getattr(conversations, "source", "conversations"))

    def __iter__(self) -> Iterator[Case]:
        times: Counter[str] = Counter()
        for conversation in islice(self._conversations, self._limit):
            name = conversation.id or conversation.content_hash[:16]
            times[name] += 1
            name = name if times[name] == 1 else f"{name}~{times[name]}"
            self._check(name, conversation)
            yield Case(name, conversation, tuple(turn_examples([conversation])))

    def overview(self) -> Overview:
        """Look at all of them; DataError if there are none, or one cannot be evaluated on."""
        shapes, languages, digest = {}, set(), hashlib.sha256()
        for case in self:
            turns = frozenset(example.index for example in case.examples)
            shapes[case.name] = Shape(len(case.conversation.dialogue), turns)
            languages.add(case.examples[0].language)
            row = json.dumps(case.conversation.row(), ensure_ascii=False, sort_keys=True, default=str)
            digest.update(row.encode("utf-8", "surrogatepass"))
        if not shapes:
            raise DataError("there is no dialogue to evaluate on", where=self.source)
        ordered = tuple(language for language in LANGUAGES if language in languages)
        return Overview(shapes, ordered, digest.hexdigest()[:16])

    def _check(self, name: str, conversation: Conversation) -> None:
        if conversation.taxonomy != self.taxonomy:
            raise DataError(
                f"is labelled by the taxonomy {conversation.taxonomy.id!r}, "
                f"and what is evaluated works by {self.taxonomy.id!r}",
                where=f"{self.source}, dialogue {name}",
                remedy="use one taxonomy throughout",
            )
        if not any(True for _ in conversation.supporter_turns()):
            raise DataError(
                "has no turn of the supporter",
                where=f"{self.source}, dialogue {name}",
                remedy="leave it out",
            )
