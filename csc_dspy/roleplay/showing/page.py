"""Conversations as one HTML file, to be searched and read; it needs nothing else and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources

from csc_dspy.conversations import Turn, speaker_name
from csc_dspy.evaluation.report.elements import Html, element
from csc_dspy.evaluation.report.values import counted
from csc_dspy.roleplay.showing.selecting import Shown
from csc_dspy.roleplay.showing.wording import facts, visible
from csc_dspy.taxonomy import Language, Stage, Taxonomy


def page(title: str, conversations: Sequence[Shown], *, more: bool = False) -> str:
    """The page. ``more`` says that the source holds more than these."""
    first = "The first " if more else ""
    remark = f"{first}{counted(len(conversations), 'conversation')}."
    taxonomies = {shown.conversation.taxonomy.id: shown.conversation.taxonomy for shown in conversations}
    header = element(
        "header",
        element("p", "Customer support conversations", class_="kind"),
        element("h1", visible(title)),
        element("p", remark, class_="remark"),
        *map(_legend, taxonomies.values()),
    )
    main = element(
        "main",
        _form(taxonomies.values()),
        element("p", id="count", role="status"),
        element("div", *(_talk(shown, opened=len(conversations) == 1) for shown in conversations), id="list"),
    )
    body = element("body", header, main, element("script", Html(_own("page.js"))))
    return f"<!DOCTYPE html>\n{element('html', _head(title), body, lang='en')}\n"


def _head(title: str) -> Html:
    style = resources.files("csc_dspy.evaluation.report").joinpath("report.css").read_text("utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(_own("page.js"))),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", visible(title)),
        element("style", Html(style + _own("page.css"))),
    )


def _policy(script: str) -> str:
    """Only our script runs, whatever somebody has said in a conversation."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _legend(taxonomy: Taxonomy) -> Html:
    stages = (
        element("span", stage.name.en, " ", _zh(stage.name.zh), class_=_class(stage))
        for stage in taxonomy.stages
    )
    return element("p", *stages, class_="legend")


def _form(taxonomies: Iterable[Taxonomy]) -> Html:
    choices = [element("option", "any", value="")]
    choices += (
        element("option", f"{each.name.en} {each.name.zh}", value=each.id)
        for taxonomy in taxonomies
        for each in taxonomy.strategies
    )
    return element(
        "form",
        element("label", "Search ", element("input", type="search", name="q", autocomplete="off")),
        element("label", "Strategy ", element("select", *choices, name="strategy")),
        id="filters",
    )


def _talk(shown: Shown, *, opened: bool) -> Html:
    conversation = shown.conversation
    language = conversation.spoken_language
    lang = None if language == "en" else language
    stages = conversation.stages()
    supporter = [(stages[place], turn) for place, turn in conversation.supporter_turns()]
    strip = (element("i", class_=_class(stage)) for stage, _ in supporter)
    summary = element(
        "summary",
        element("b", visible(conversation.id or conversation.content_hash[:16])),
        element("span", visible(conversation.topic or ""), class_="topic", lang=lang),
        element("span", *strip, class_="strip", aria_hidden="true"),
        element("span", counted(len(stages), "turn")),
    )
    strategies = dict.fromkeys(turn.strategy.id for _, turn in supporter if turn.strategy)
    talk = element("div", *_parts(shown, stages, language), class_="talk", lang=lang)
    return element("details", summary, talk, open=opened, data_s=" ".join(strategies))


def _parts(shown: Shown, stages: Sequence[Stage], language: Language) -> Iterator[Html]:
    known = (
        element("dt", name) + element("dd", visible(fact))
        for name, fact in facts(shown.conversation, language)
    )
    yield element("dl", *map(Html, known))
    for flaw in shown.flaws:
        place = f", turn {flaw.turn}" if flaw.turn else ""
        yield element("p", f"✗ {flaw.reason}{place}: {visible(flaw.detail)}", class_="flaw")
    wrong = {flaw.turn for flaw in shown.flaws}
    running: Stage | None = None
    for number, (turn, stage) in enumerate(zip(shown.conversation.dialogue, stages, strict=True), 1):
        if turn.speaker == "supporter" and stage != running:
            running = stage
            yield element("p", stage.name[language], class_=f"stage {_class(stage)}")
        yield _said(number, turn, stage, language, wrong=number in wrong)


def _said(number: int, turn: Turn, stage: Stage, language: Language, *, wrong: bool) -> Html:
    label = (" · ", element("b", turn.strategy.name[language])) if turn.strategy else ()
    return element(
        "div",
        element("small", f"{number} {speaker_name(turn.speaker, language)}", *label),
        element("p", visible(turn.text)),
        class_=f"said {turn.speaker} {_class(stage)}{' wrong' if wrong else ''}",
    )


def _class(stage: Stage) -> str:
    """One of five colours, in order; more stages begin anew."""
    return f"s{(stage.number - 1) % 5 + 1}"


def _zh(text: str) -> Html:
    return element("span", text, lang="zh")
