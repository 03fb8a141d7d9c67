"""From a sweep to a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element, joined
from csc_dspy.files import atomic_write

from .sections import parameters_section, prompts_section, result_section, search_section, trials_section

if TYPE_CHECKING:
    import optuna

    from ..result import Swept

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_TITLES: Final = {
    "result": "Result",
    "search": "Search",
    "parameters": "Parameters",
    "trials": "Trials",
    "prompts": "Prompts",
}
_STYLE: Final = """
main > section > .card { margin-top: 1rem; }
figure { max-width: 40rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.8125rem; }
.wide-picture > svg { min-width: 56rem; }
main > section > .remark { margin-top: 1rem; }
.thirds { margin-top: 0.75rem; }
.texts-2 :is(th, td):nth-child(2) { min-width: 9rem; overflow-wrap: anywhere; }
.card h3 { overflow-wrap: anywhere; }
"""


def write_report(path: Path, swept: Swept, study: optuna.Study, facts: Mapping[str, object]) -> None:
    """Write a page about a sweep that opens anywhere and needs nothing else.

    ``facts`` are shown above all, by their names: the data, the language model, the seed.
    """
    sections = {
        "result": result_section(swept),
        "search": search_section(study, swept),
        "parameters": parameters_section(study, swept),
        "trials": trials_section(study, swept),
        "prompts": prompts_section(swept.best.artifact),
    }
    there = {anchor: part for anchor, part in sections.items() if part is not None}
    title = f"{swept.program.name} in {swept.program.options.language!r}, swept for {_listed(swept)}"
    atomic_write(path, _page(title, _header(title, _facts(swept, facts)), there))


def _listed(swept: Swept) -> str:
    return " and ".join(swept.objectives)


def _facts(swept: Swept, facts: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    yield from ((name, value) for name, value in facts.items() if value is not None)
    yield "Trials", values.count(swept.trials)
    yield "Time", values.seconds(swept.seconds)
    yield "Calls", values.count(swept.calls)
    yield "Tokens", values.count(swept.tokens)
    if swept.usd is not None:
        yield "Cost", f"{swept.usd:.4f} USD"
    if swept.partial:
        yield "Ended", "early, as a limit was reached"


def _header(title: str, facts: Iterator[tuple[str, object]]) -> Html:
    listed = (element("div", element("dt", name), element("dd", value)) for name, value in facts)
    return joined((element("p", "Sweep", class_="kind"), element("h1", title), element("dl", *listed)))


def _page(title: str, header: Html, sections: Mapping[str, Html]) -> str:
    style = resources.files("csc_dspy.evaluation.report").joinpath("report.css").read_text("utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Html(style + _STYLE)),
    )
    links = (element("a", _TITLES[anchor], href=f"#{anchor}") for anchor in sections)
    contents = element("nav", *links, aria_label="Sections")
    body = element("body", element("header", header, contents), element("main", *sections.values()))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"
