"""What ``scores.json`` says, with the names that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from csc_dspy.evaluation.report.elements import Html, clean, element, escaped, joined

_CONTEXTS: Final = {"reference": "Reference context", "generated": "Generated context"}
LANGUAGES: Final = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True, slots=True)
class Name:
    """A stage or a strategy as a page names it."""

    short: str
    en: str
    zh: str

    @property
    def both(self) -> Html:
        """In English and Chinese."""
        return self.en_html if self.zh == self.en else joined((self.en_html, chinese(self.zh)), " ")

    @property
    def en_html(self) -> Html:
        """In English."""
        return escaped(self.en)


NO_ANSWER: Final = Name("none", "No answer", "无回答")
"""What was predicted where nothing was."""


@dataclass(frozen=True)
class Results:
    """All scores of an evaluation, by context."""

    scores: Mapping[str, Any]

    @property
    def about(self) -> Mapping[str, Any]:
        """What was evaluated."""
        about: Mapping[str, Any] = self.scores["about"]
        return about

    @cached_property
    def contexts(self) -> dict[str, Mapping[str, Any]]:
        """The contexts that were evaluated, in their usual order."""
        return {context: self.scores[context] for context in _CONTEXTS if context in self.scores}

    @cached_property
    def strategies(self) -> dict[str | None, Name]:
        """Strategies by id, and no answer by None."""
        return _names(self.about["taxonomy"]["strategies"], "abbreviation")

    @cached_property
    def stages(self) -> dict[str | None, Name]:
        """Stages by id, and no answer by None."""
        return _names(self.about["taxonomy"]["stages"], "number")

    def with_part(self, part: str) -> dict[str, Any]:
        """That part of every context's scores that has it."""
        return {context: found for context, all_ in self.contexts.items() if (found := all_.get(part))}


def context_title(context: str) -> str:
    """A context as headings call it."""
    return _CONTEXTS[context]


def chinese(text: str) -> Html:
    """A name in Chinese, on a page in English."""
    return element("span", text, lang="zh")


def _names(members: list[dict[str, Any]], short: str) -> dict[str | None, Name]:
    named: dict[str | None, Name] = {
        each["id"]: Name(clean(each[short]), clean(each["name"]["en"]), clean(each["name"]["zh"]))
        for each in members
    }
    return {**named, None: NO_ANSWER}
