"""What customers can be like, and what does not go together, as ``vocabulary.toml`` has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import Field

from csc_dspy.roleplay.tables import Entry, Id, Words, validated
from csc_dspy.taxonomy import Localized
from csc_dspy.toml_text import read

FIELDS: Final = (
    "age",
    "occupation",
    "education",
    "relation",
    "digital_skill",
    "channel",
    "region",
    "temper",
    "emotion",
    "speaking_style",
)
"""What profiles are made of. Those that much depends on come first."""

Member: TypeAlias = int | str
"""A year of age, or the id of another field's value."""

_FILE: Final = Path(__file__).with_name("vocabulary.toml")

_Span = Annotated[list[int], Field(min_length=2, max_length=2)]


class _Value(Words):
    id: Id
    share: float = 1.0
    told: list[Words] = Field(default_factory=list)
    age: _Span | None = None
    education: list[Id] = Field(default_factory=list)


class _Band(Entry):
    ages: _Span
    share: float


class _Ages(Entry):
    bands: list[_Band]


class _Rule(Entry):
    id: Id
    when: dict[Id, list[Member]]
    never: dict[Id, list[Member]]


class _File(Entry):
    fields: dict[Id, Words]
    age: _Ages
    values: dict[Id, list[_Value]]
    rules: list[_Rule]


@dataclass(frozen=True, slots=True)
class Value:
    """One of the values of a field."""

    words: Localized
    told: tuple[Localized, ...]
    """Sentences in the second person that say so."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All values of all fields, their shares, and which pairs of them exclude each other."""

    names: Mapping[str, Localized]
    """What fields are called, also those that have no values here."""
    values: Mapping[str, Mapping[str, Value]]
    """By field, without the age, and id."""
    shares: Mapping[str, Mapping[Member, float]]
    """By field and member; those of a field add up to one."""
    bands: tuple[range, ...]
    """The ages, in groups."""
    excluded: Mapping[tuple[str, Member], Mapping[str, frozenset[Member]]]
    """By field and member: the members of other fields that do not go with it."""

    def allows(self, one: tuple[str, Member], other: tuple[str, Member]) -> bool:
        """Whether two members go together."""
        return other[1] not in self.excluded.get(one, {}).get(other[0], ())


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The packaged vocabulary."""
    file = validated(read(_FILE), _File)
    return Vocabulary(
        names={name: words.localized() for name, words in file.fields.items()},
        values={field: {each.id: _value(each) for each in values} for field, values in file.values.items()},
        shares={"age": _age_shares(file.age), **{name: _shares(each) for name, each in file.values.items()}},
        bands=tuple(_years(band.ages) for band in file.age.bands),
        excluded=_excluded(file),
    )


def _value(entry: _Value) -> Value:
    return Value(entry.localized(), tuple(each.localized() for each in entry.told))


def _shares(values: list[_Value]) -> dict[Member, float]:
    total = sum(each.share for each in values)
    return {each.id: each.share / total for each in values}


def _age_shares(ages: _Ages) -> dict[Member, float]:
    total = sum(band.share for band in ages.bands)
    shares: dict[Member, float] = {}
    for band in ages.bands:
        years = _years(band.ages)
        shares |= dict.fromkeys(years, band.share / total / len(years))
    return shares


def _excluded(file: _File) -> dict[tuple[str, Member], dict[str, frozenset[Member]]]:
    pairs: dict[tuple[str, Member], dict[str, set[Member]]] = defaultdict(lambda: defaultdict(set))
    for one, other in _pairs(file):
        pairs[one][other[0]].add(other[1])
        pairs[other][one[0]].add(one[1])
    return {one: {field: frozenset(each) for field, each in by.items()} for one, by in pairs.items()}


def _pairs(file: _File) -> Iterator[tuple[tuple[str, Member], tuple[str, Member]]]:
    """All pairs that exclude each other, by the rules and by what occupations go with."""
    for rule in file.rules:
        for one in _members(rule.when):
            for other in _members(rule.never):
                yield one, other
    ages = set(_age_shares(file.age))
    schooling = {each.id for each in file.values["education"]}
    for each in file.values["occupation"]:
        for age in ages - set(_years(each.age)) if each.age else ():
            yield ("occupation", each.id), ("age", age)
        for education in schooling - set(each.education) if each.education else ():
            yield ("occupation", each.id), ("education", education)


def _members(condition: Mapping[str, list[Member]]) -> Iterator[tuple[str, Member]]:
    """The members that one side of a rule is about; ages stand there as from and to."""
    for name, members in condition.items():
        span = [int(each) for each in members] if name == "age" else []
        for member in _years(span) if span else members:
            yield name, member


def _years(span: list[int]) -> range:
    return range(span[0], span[1] + 1)
