"""Customers drawn from the vocabulary: plausible, different, and altogether as the shares want them."""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from itertools import accumulate, islice
from typing import Final

from csc_dspy.roleplay._base import Profile
from csc_dspy.roleplay.profiles.describing import describe
from csc_dspy.roleplay.profiles.vocabulary import FIELDS, Member, Vocabulary, vocabulary
from csc_dspy.taxonomy import Language

Facts = Mapping[str, Member]
"""The members of a customer, by field."""

# How far a value may run ahead of its share, in profiles. The lower, the less is left to chance.
_SLACK: Final = 20
# How often weights are looked at again, in profiles.
_EVERY: Final = 8
# What is left of the weight of a value that has run ahead as far as that.
_LEAST: Final = 0.05
# So often without a new customer, and there are none left.
_ATTEMPTS: Final = 1000


def generate(count: int, language: Language, *, seed: int = 0) -> Iterator[Profile]:
    """Profiles, one at a time and no two alike; more of them with the same seed begin with the same ones."""
    return islice(endless(language, seed=seed), count)


def endless(language: Language, *, seed: int = 0) -> Iterator[Profile]:
    """`generate` without an end."""
    rng = random.Random(f"{seed} {language}")
    draw = _Draw(vocabulary(), rng)
    seen: set[str] = set()
    while True:
        facts = draw.customer()
        attempts = 1
        while (name := _name(facts)) in seen and attempts < _ATTEMPTS:
            facts, attempts = draw.customer(), attempts + 1
        seen.add(name)
        draw.count(facts)
        yield profile_of(facts, language, rng)


def profile_of(facts: Facts, language: Language, rng: random.Random) -> Profile:
    """The profile of a customer, in words and with a description."""
    values = vocabulary().values
    age = int(facts["age"])
    words = {field: values[field][str(facts[field])].words[language] for field in FIELDS if field != "age"}
    return Profile(
        id=f"generated-{language}-{_name(facts)}",
        language=language,
        age=age,
        description=describe(age, words, language, rng),
        **words,
    )


class _Draw:
    """Draws customers, of whom the rarer so far are the likelier."""

    def __init__(self, words: Vocabulary, rng: random.Random) -> None:
        self._words = words
        self._rng = rng
        self._bags = {field: _Bag(words.shares[field]) for field in FIELDS}

    def customer(self) -> Facts:
        """A customer in whom everything goes together."""
        while True:
            facts: dict[str, Member] = {}
            for field in FIELDS:
                member = self._bags[field].draw(self._excluded(field, facts), self._rng)
                if member is None:
                    break
                facts[field] = member
            else:
                return facts

    def count(self, facts: Facts) -> None:
        """Take note that this customer is among those wanted."""
        for field, member in facts.items():
            self._bags[field].count(member)

    def _excluded(self, field: str, facts: Facts) -> set[Member]:
        """What does not go with what is settled already."""
        excluded: set[Member] = set()
        for settled in facts.items():
            excluded |= self._words.excluded.get(settled, {}).get(field, frozenset())
        return excluded


class _Bag:
    """The members of a field, each as likely as it is behind its share."""

    def __init__(self, shares: Mapping[Member, float]) -> None:
        self._shares = shares
        self._members = tuple(shares)
        self._counts = dict.fromkeys(shares, 0)
        self._counted = 0
        self._bounds = self._weighed()

    def draw(self, excluded: Collection[Member], rng: random.Random) -> Member | None:
        """A member that is not excluded, None if all are."""
        if not self._shares.keys() - excluded:
            return None
        # To draw again until one fits is as good as to leave out what does not fit, and quicker.
        while (member := self._any(rng)) in excluded:
            pass
        return member

    def _any(self, rng: random.Random) -> Member:
        place = bisect_right(self._bounds, rng.random() * self._bounds[-1])
        return self._members[min(place, len(self._members) - 1)]

    def count(self, member: Member) -> None:
        """Take note of a member."""
        self._counts[member] += 1
        self._counted += 1
        # Weights change little from one profile to the next.
        if self._counted % _EVERY == 0:
            self._bounds = self._weighed()

    def _weighed(self) -> list[float]:
        """The sums of the weights up to each member."""
        due = self._counted + _SLACK
        behind = (
            max(share * due - self._counts[member], share * _LEAST) for member, share in self._shares.items()
        )
        return list(accumulate(behind))


def _name(facts: Facts) -> str:
    content = " ".join(str(facts[field]) for field in FIELDS)
    return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()
