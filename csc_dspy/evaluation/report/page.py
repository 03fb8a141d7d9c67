"""One file with style and script in it, and a policy that forbids everything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Final

from csc_dspy.evaluation.report.elements import Html, element, joined

_TITLES: Final = {
    "scores": "Scores",
    "strategies": "Strategies",
    "stages": "Stages",
    "calibration": "Calibration",
    "cost": "Time and cost",
    "conversations": "Conversations",
}


def page(title: str, header: Html, sections: Mapping[str, Html | None]) -> str:
    """The document. Sections that are None are left out, in its contents too."""
    script = _own("report.js")
    there = {anchor: part for anchor, part in sections.items() if part is not None}
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Html(_own("report.css"))),
    )
    body = element(
        "body",
        element("header", header, _contents(there)),
        element("main", *there.values()),
        element("script", Html(script)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _contents(anchors: Iterable[str]) -> Html:
    links = (element("a", _TITLES[anchor], href=f"#{anchor}") for anchor in anchors)
    return element("nav", joined(links), aria_label="Sections")


def _policy(script: str) -> str:
    """Only our script runs, whatever texts of data would like; nothing is loaded from anywhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
