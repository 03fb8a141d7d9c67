"""``report.html``: how many were kept, what is in them, and how far that is from what they should be like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element, joined
from csc_dspy.evaluation.report.tables import section
from csc_dspy.roleplay.report import parts
from csc_dspy.roleplay.report.wording import about

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_EMBEDDED: Final = (
    "Put together from the packaged samples by retrieval, and good only for trying the chain: "
    "no language model has played these, and no judge has looked at them."
)
_SECTIONS: Final = {
    "funnel": "From tasks to conversations",
    "distributions": "Strategies and stages",
    "words": "Lengths and variety",
    "contents": "What they are about",
    "profiles": "Customers",
    "rejected": "What was not kept",
}


def page(report: Mapping[str, Any]) -> str:
    """The page; it needs nothing else and loads nothing."""
    contents = {
        "funnel": parts.funnel_part(report),
        "distributions": parts.distributions_part(report),
        "words": parts.words_part(report),
        "contents": parts.contents_part(report),
        "profiles": parts.profiles_part(report),
        "rejected": parts.rejected_part(report),
    }
    there = {anchor: part for anchor, part in contents.items() if part is not None}
    links = (element("a", _SECTIONS[anchor], href=f"#{anchor}") for anchor in there)
    header = element("header", *_header(report), element("nav", joined(links), aria_label="Sections"))
    sections = (section(anchor, _SECTIONS[anchor], part) for anchor, part in there.items())
    body = element("body", header, element("main", *sections))
    return f"<!DOCTYPE html>\n{element('html', _head(), body, lang='en')}\n"


def _head() -> Html:
    house = resources.files("csc_dspy.evaluation.report").joinpath("report.css").read_text("utf-8")
    own = resources.files(__package__).joinpath("page.css").read_text("utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", "Role play"),
        element("style", Html(house + own)),
    )


def _header(report: Mapping[str, Any]) -> Iterator[Html]:
    yield element("p", "Customer support role play", class_="kind")
    yield element("h1", f"{values.counted(report['counts']['kept'], 'conversation')} kept")
    facts = about(report)
    yield element("dl", *(element("div", element("dt", name), element("dd", fact)) for name, fact in facts))
    if report["engine"] == "embedded":
        yield element("p", _EMBEDDED, class_="warning")
