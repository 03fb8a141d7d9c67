"""Stages, strategies and the taxonomy that holds them. All of it is immutable."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Final, Literal

from csc_dspy.taxonomy.labels import SpellingIndex

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Localized:
    """The same words in both languages; ``words["zh"]`` picks one."""

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a conversation stands. Stages of one taxonomy are ordered by ``number``, from 1."""

    taxonomy: str
    id: str
    number: int = field(compare=False, repr=False)
    name: Localized = field(compare=False, repr=False)
    definition: Localized = field(compare=False, repr=False)
    aliases: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Strategy:
    """What a supporter turn does.

    ``stage`` is the home stage, None where the strategy fits any. ``reopens`` says that the strategy may
    take the conversation back to its home stage. ``label`` is the spelling used in data files.
    """

    taxonomy: str
    id: str
    number: int = field(compare=False, repr=False)
    name: Localized = field(compare=False, repr=False)
    abbreviation: str = field(compare=False, repr=False)
    stage: Stage | None = field(compare=False, repr=False)
    reopens: bool = field(compare=False, repr=False)
    definition: Localized = field(compare=False, repr=False)
    distinction: Localized = field(compare=False, repr=False)
    label: str = field(compare=False, repr=False)
    aliases: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """A standard for support conversations: ordered stages and the strategies at home in them.

    ``fall_back`` is the number of stages a conversation may go back at once. Two taxonomies are equal when
    all their contents are, see `fingerprint`.
    """

    id: str
    name: Localized
    fall_back: int
    stages: tuple[Stage, ...]
    strategies: tuple[Strategy, ...]

    def strategy(self, label: str | int) -> Strategy:
        """The strategy that ``label`` spells, in any accepted spelling; LabelError if none or several."""
        return self._strategy_index.find(label)

    def stage(self, label: str | int) -> Stage:
        """The stage that ``label`` spells, in any accepted spelling; LabelError if none or several."""
        return self._stage_index.find(label)

    def strategies_named_in(self, text: str) -> tuple[Strategy, ...]:
        """The strategies whose names occur in a longer text."""
        return self._strategy_index.named_in(text)

    def stages_named_in(self, text: str) -> tuple[Stage, ...]:
        """The stages whose names occur in a longer text."""
        return self._stage_index.named_in(text)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything in this taxonomy; compiled programs are bound to it."""
        content = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Taxonomy) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Taxonomy({self.id!r}, {len(self.stages)} stages, {len(self.strategies)} strategies)"

    @cached_property
    def _strategy_index(self) -> SpellingIndex[Strategy]:
        return SpellingIndex(
            kind="strategy",
            taxonomy=self.id,
            words=("策略", "strategy"),
            members={
                each: (each.id, each.abbreviation, each.name.en, each.name.zh, *each.aliases)
                for each in self.strategies
            },
        )

    @cached_property
    def _stage_index(self) -> SpellingIndex[Stage]:
        return SpellingIndex(
            kind="stage",
            taxonomy=self.id,
            words=("阶段", "stage"),
            members={each: (each.id, each.name.en, each.name.zh, *each.aliases) for each in self.stages},
        )
