"""Descriptions written by a language model, kept only where they keep the facts."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import dspy

from csc_dspy.concurrency import in_order
from csc_dspy.conversations.language import detect_language
from csc_dspy.exceptions import AnswerError, LMError
from csc_dspy.journal import content_key
from csc_dspy.lm.failures import ends_a_run
from csc_dspy.lm.predicting import afill_in
from csc_dspy.roleplay._base import Profile
from csc_dspy.roleplay.profiles.numbers import names_age
from csc_dspy.roleplay.profiles.vocabulary import FIELDS, vocabulary
from csc_dspy.signatures import describe_customer
from csc_dspy.taxonomy import LANGUAGES, Language

if TYPE_CHECKING:
    from csc_dspy.journal import Journal

_LONGEST: Final = 1500
_SECOND_PERSON: Final = {
    "en": re.compile(r"\byou(?:r|'re|’re)?\b", re.IGNORECASE),
    "zh": re.compile("[你您]"),
}


class CustomerDescriber(dspy.Module):
    """Describes customers in one language; to be compiled like any other module.

    It holds no language model: it uses that of ``dspy.context``.
    """

    name = "customer_describer"

    def __init__(self, language: Language) -> None:
        super().__init__()
        self.language = language
        self.describe = dspy.Predict(describe_customer(language))

    def forward(self, facts: str) -> dspy.Prediction:
        """The description of a customer of whom this is known; see `facts_of`."""
        return self.describe(facts=facts)

    async def aforward(self, facts: str) -> dspy.Prediction:
        """`forward`, asynchronously."""
        return await self.describe.acall(facts=facts)


class Elaboration:
    """Gives profiles descriptions by a language model; one that is not of this customer is not taken.

    What the journal holds is not asked again, so that a kill loses no answer that was paid for. An error that
    any other call would meet too, such as a wrong key, is raised.
    """

    def __init__(
        self,
        journal: Journal | None = None,
        describers: Mapping[Language, CustomerDescriber] | None = None,
    ) -> None:
        self.written = 0
        self.refused = 0
        """How many profiles have the description that they had before, as the other was not of them."""
        self.failed = 0
        """How many have it because a call failed for good. The journal does not hold those."""
        self._journal = journal
        self._describers = describers or {each: CustomerDescriber(each) for each in LANGUAGES}

    def elaborate_all(
        self, profiles: Iterable[Profile], concurrency: int = 32
    ) -> Generator[Profile, None, None]:
        """The profiles in their order, elaborated."""
        with closing(in_order(profiles, self.elaborate, concurrency)) as elaborated:
            yield from elaborated

    async def elaborate(self, profile: Profile) -> Profile:
        """The profile with another description, unless that lacks a fact."""
        try:
            description = await self._description(profile)
        except LMError as error:
            if ends_a_run(error):
                raise
            self.failed += 1
            return profile
        if description is None or not is_of(description, profile):
            self.refused += 1
            return profile
        self.written += 1
        return replace(profile, description=description)

    async def _description(self, profile: Profile) -> str | None:
        """What the language model wrote; None if it was not readable."""
        describer, facts = self._describers[profile.language], facts_of(profile)
        key = content_key(describer.name, describer.dump_state(), facts)
        if self._journal is not None and key in self._journal:
            kept: str | None = self._journal.get(key)
            return kept
        try:
            values = await afill_in(describer.describe, {"facts": facts}, {})
            description = str(values["description"]).strip()
        except AnswerError:
            description = None
        if self._journal is not None:
            self._journal.record(key, description)
        return description


def facts_of(profile: Profile) -> str:
    """What is known of a customer, a line for each field that is."""
    names, colon = vocabulary().names, "：" if profile.language == "zh" else ": "
    values = profile.to_dict()
    known = (field for field in FIELDS if values[field])
    return "\n".join(f"{names[field][profile.language]}{colon}{values[field]}" for field in known)


def is_of(description: str, profile: Profile) -> bool:
    """Whether a description is one of this customer: in their language, to them, with age and occupation."""
    return (
        0 < len(description) <= _LONGEST
        and detect_language(description) == profile.language
        and _SECOND_PERSON[profile.language].search(description) is not None
        and profile.occupation.casefold() in description.casefold()
        and names_age(description, profile.age)
    )
