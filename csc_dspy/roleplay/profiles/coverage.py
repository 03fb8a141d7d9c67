"""How much of what customers can be like is among some profiles, and how evenly."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Any, Final, TypeAlias

from csc_dspy.roleplay._base import Profile
from csc_dspy.roleplay.profiles.vocabulary import FIELDS, Member, vocabulary
from csc_dspy.taxonomy import Language

_UNKNOWN: Final = ""
_Pair: TypeAlias = "tuple[str | None, str | None]"


@dataclass(frozen=True, slots=True)
class FieldCoverage:
    """What is seen of one field. Ages count by the band of the vocabulary that they are in."""

    values: int
    """How many there are in the vocabulary."""
    seen: int
    evenness: float
    """Entropy as a share of the highest possible: 1 where all values are as frequent, 0 for one alone."""
    off_target: float
    """The share of profiles that would have to change for the frequencies to be those of the vocabulary."""
    other: int
    """Profiles with a value of their own, such as those of hand-written and own profiles."""
    unknown: int
    """Profiles that say nothing."""
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of the values that are seen."""
        return self.seen / self.values


@dataclass(frozen=True, slots=True)
class PairCoverage:
    """What is seen of two fields together."""

    possible: int
    """How many pairs of values go together."""
    seen: int

    @property
    def share(self) -> float:
        """The share of the possible pairs that are seen."""
        return self.seen / self.possible


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is seen of all fields, and of each two of them (``temper+emotion``)."""

    profiles: int
    fields: Mapping[str, FieldCoverage]
    pairs: Mapping[str, PairCoverage]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "profiles": self.profiles,
            "fields": {name: {"share": each.share, **asdict(each)} for name, each in self.fields.items()},
            "pairs": {name: {"share": each.share, **asdict(each)} for name, each in self.pairs.items()},
        }


def coverage(profiles: Iterable[Profile]) -> Coverage:
    """The coverage of profiles, which are looked at one at a time."""
    count = 0
    counts: dict[str, Counter[str | None]] = {field: Counter() for field in FIELDS}
    pairs: dict[tuple[str, str], set[_Pair]] = defaultdict(set)
    for profile in profiles:
        count += 1
        found = {field: _class_of(profile, field) for field in FIELDS}
        for field, each in found.items():
            counts[field][each] += 1
        for one, other in combinations(FIELDS, 2):
            pairs[one, other].add((found[one], found[other]))
    return Coverage(
        profiles=count,
        fields={field: _field(field, counts[field]) for field in FIELDS},
        pairs={
            f"{one}+{other}": PairCoverage(len(possible), len(possible & pairs[one, other]))
            for (one, other), possible in _possible_pairs().items()
        },
    )


def _class_of(profile: Profile, field: str) -> str | None:
    """The id of a value, that of the band of an age; empty if there is none, None if it is not known here."""
    value = getattr(profile, field)
    if field == "age":
        return _band(value)
    return _ids(profile.language)[field].get(value) if value else _UNKNOWN


def _field(field: str, counts: Counter[str | None]) -> FieldCoverage:
    targets = _targets()[field]
    known = {each: counts[each] for each in targets}
    total = sum(known.values())
    shares = {each: number / total if total else 0.0 for each, number in known.items()}
    entropy = -sum(share * math.log(share) for share in shares.values() if share)
    return FieldCoverage(
        values=len(targets),
        seen=sum(number > 0 for number in known.values()),
        evenness=entropy / math.log(len(targets)),
        off_target=sum(abs(shares[each] - target) for each, target in targets.items()) / 2,
        other=counts[None],
        unknown=counts[_UNKNOWN],
        missing=tuple(each for each, number in known.items() if not number),
    )


def _band(age: int) -> str | None:
    return next((_band_name(band) for band in vocabulary().bands if age in band), None)


def _band_name(band: range) -> str:
    return f"{band.start}-{band.stop - 1}"


@lru_cache(maxsize=2)
def _ids(language: Language) -> dict[str, dict[str, str]]:
    """The ids of values by field and word."""
    values = vocabulary().values
    return {
        name: {each.words[language]: key for key, each in known.items()} for name, known in values.items()
    }


@lru_cache(maxsize=1)
def _classes() -> dict[str, dict[str, tuple[Member, ...]]]:
    """What is counted of each field, and the members in it."""
    words = vocabulary()
    classes: dict[str, dict[str, tuple[Member, ...]]] = {
        name: {key: (key,) for key in known} for name, known in words.values.items()
    }
    classes["age"] = {_band_name(band): tuple(band) for band in words.bands}
    return classes


@lru_cache(maxsize=1)
def _targets() -> dict[str, dict[str, float]]:
    """The shares that the vocabulary wants."""
    shares = vocabulary().shares
    return {
        name: {each: sum(shares[name][member] for member in members) for each, members in classes.items()}
        for name, classes in _classes().items()
    }


@lru_cache(maxsize=1)
def _possible_pairs() -> dict[tuple[str, str], set[_Pair]]:
    """By two fields: the pairs that go together."""
    return {pair: set(_pairs_of(*pair)) for pair in combinations(FIELDS, 2)}


def _pairs_of(one: str, other: str) -> Iterator[_Pair]:
    allows = vocabulary().allows
    for (first, these), (second, those) in product(_classes()[one].items(), _classes()[other].items()):
        if any(allows((one, this), (other, that)) for this, that in product(these, those)):
            yield first, second
