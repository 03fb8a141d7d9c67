"""The controls above the list of conversations. The script of the page answers to their names."""

from __future__ import annotations

from collections.abc import Container, Mapping

from csc_dspy.evaluation.report.elements import Html, element, joined
from csc_dspy.evaluation.report.results import LANGUAGES, NO_ANSWER, Name, Results, context_title


def filters(results: Results, languages: Container[str]) -> Html:
    """Hidden until the script runs, as they do nothing without it."""
    contexts = {context: context_title(context) for context in results.contexts}
    spoken = {language: LANGUAGES[language] for language in LANGUAGES if language in languages}
    labelled = bool(results.with_part("strategies"))
    return element(
        "form",
        element(
            "label",
            "Search",
            element("input", type="search", name="q", placeholder="words in a conversation"),
        ),
        _choice("Context", "context", contexts),
        _choice("Language", "language", spoken),
        *(_strategies(results) if labelled else ()),
        element(
            "div",
            _tick("wrong", "Only wrong"),
            _tick("failed", "With failures"),
            element("button", "Reset", type="reset"),
            element("button", "Open all", type="button", id="open"),
            element("button", "Close all", type="button", id="close"),
            class_="buttons",
        ),
        id="filters",
        hidden=True,
        aria_label="Filter conversations",
    )


def _strategies(results: Results) -> tuple[Html | None, Html | None]:
    named = {name.short: _words(name) for id_, name in results.strategies.items() if id_ is not None}
    return (
        _choice("Strategy expected", "expected", named),
        _choice("Strategy predicted", "predicted", {**named, NO_ANSWER.short: _words(NO_ANSWER)}),
    )


def _words(name: Name) -> str:
    return name.en if name.en == name.zh else f"{name.en} {name.zh}"


def _choice(label: str, name: str, options: Mapping[str, str]) -> Html | None:
    """A choice among options, or none where there is nothing to choose."""
    if len(options) < 2:
        return None
    every = element("option", "all", value="")
    return element(
        "label",
        label,
        element(
            "select",
            every,
            *(element("option", words, value=id_) for id_, words in options.items()),
            name=name,
        ),
    )


def _tick(name: str, label: str) -> Html:
    return element(
        "label", joined((element("input", type="checkbox", name=name, value="1"), label)), class_="tick"
    )
