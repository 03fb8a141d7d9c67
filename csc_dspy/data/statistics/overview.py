"""How many dialogues and turns there are, in which language, from where and about what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from csc_dspy.data.statistics.names import NameCount, Names
from csc_dspy.data.statistics.scratch import Scratch
from csc_dspy.data.statistics.sketch import Sketch
from csc_dspy.taxonomy import LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class Overview:
    """The size of a corpus and what its dialogues say of themselves."""

    dialogues: int
    supporter_turns: int
    customer_turns: int
    languages: dict[Language, int]
    sources: Names
    topics: Names

    @property
    def turns(self) -> int:
        """All turns."""
        return self.supporter_turns + self.customer_turns

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "dialogues": self.dialogues,
            "turns": self.turns,
            "supporter_turns": self.supporter_turns,
            "customer_turns": self.customer_turns,
            "languages": self.languages,
            "sources": self.sources.most_frequent,
            "distinct_sources": self.sources.distinct,
            "dialogues_without_source": self.sources.unnamed,
            "topics": self.topics.most_frequent,
            "distinct_topics": self.topics.distinct,
            "dialogues_without_topic": self.topics.unnamed,
        }


class OverviewCount:
    """Counts dialogues and turns."""

    def __init__(self, scratch: Scratch) -> None:
        self._supporter_turns = self._customer_turns = 0
        self._languages: Counter[Language] = Counter()
        self._sources = NameCount(scratch)
        self._topics = NameCount(scratch)

    def add(self, sketch: Sketch) -> None:
        """Count one conversation."""
        self._supporter_turns += len(sketch.supporter_texts)
        self._customer_turns += len(sketch.customer_texts)
        self._languages[sketch.language] += 1
        self._sources.add(sketch.conversation.source)
        self._topics.add(sketch.conversation.topic)

    def result(self) -> Overview:
        """All counts."""
        return Overview(
            dialogues=self._languages.total(),
            supporter_turns=self._supporter_turns,
            customer_turns=self._customer_turns,
            languages={language: self._languages[language] for language in LANGUAGES},
            sources=self._sources.result(),
            topics=self._topics.result(),
        )
