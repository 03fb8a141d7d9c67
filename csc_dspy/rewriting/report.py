"""``report.html``: the funnel, what was dropped and why, and conversations before and after, side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import Conversation, Turn, speaker_name
from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element, escaped, joined
from csc_dspy.evaluation.report.tables import card, disclosure, section, table
from csc_dspy.rewriting.placeholders import PLACEHOLDER
from csc_dspy.rewriting.writing import REPORT

if TYPE_CHECKING:
    from csc_dspy.rewriting.pipeline import Pair
    from csc_dspy.taxonomy import Language

_STYLE: Final = """
.funnel {
  display: grid;
  grid-template-columns: minmax(8rem, 16rem) 1fr 4.5rem;
  gap: 0.4rem 0.9rem;
  align-items: center;
}
.funnel > div {
  height: 1.1rem;
  border-radius: 4px;
  background: var(--line);
  position: relative;
  overflow: hidden;
}
.funnel > div i { position: absolute; inset: 0 auto 0 0; background: var(--agree); border-radius: 4px; }
.funnel > div i.lost { background: var(--differ); }
.funnel > b { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.funnel > span.lost { padding-left: 1.2rem; color: var(--muted); }
.pair {
  padding: 0.8rem 1rem;
  margin-bottom: 0.6rem;
  background: var(--paper);
  border: 1px solid var(--line);
  border-radius: 10px;
}
.sides {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr));
  gap: 1rem 1.5rem;
  margin-top: 0.8rem;
}
.sides h4 { margin: 0 0 0.5rem; font-size: 0.8125rem; color: var(--muted); font-weight: 600; }
.said {
  margin: 0 0 0.45rem;
  padding: 0.4rem 0.7rem;
  border-radius: 8px;
  background: var(--ground);
  overflow-wrap: anywhere;
}
.said.by-supporter { border-left: 3px solid var(--agree); }
.said.by-customer { border-left: 3px solid var(--line); }
.said small { display: block; }
.said small b { color: var(--agree); font-weight: 620; }
.said mark { background: var(--differ-ground); color: inherit; border-radius: 4px; padding: 0 0.2em; }
.said s { color: var(--differ); text-decoration: none; letter-spacing: -0.08em; }
.example { margin: 0.5rem 0 0; overflow-wrap: anywhere; }
.example p { font-size: 0.875rem; }
@media print { .pair { break-inside: avoid; } }
"""
_BLOTS: Final = re.compile(r"(▇+)")
_LONGEST_SHOWN: Final = 80
_DONE: Final = {"rewrite": "rewritten", "judge": "passed the judge"}
"""What has become of those that are left after a step."""


def write_report(folder: Path, funnel: Mapping[str, Any], pairs: Sequence[Pair]) -> None:
    """Write the page; it needs nothing else and loads nothing."""
    title = f"Conversations from {funnel['source']}"
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    style = resources.files("csc_dspy.evaluation.report").joinpath("report.css").read_text("utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(style + _STYLE)),
    )
    main = element("main", _funnel(funnel), _reasons(funnel), _counts(funnel), _pairs(pairs, funnel))
    body = element("body", element("header", *_header(title, funnel)), main)
    page = f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"
    (folder / REPORT).write_text(page, encoding="utf-8")


def _header(title: str, funnel: Mapping[str, Any]) -> Iterator[Html]:
    yield element("p", "Conversations from transcripts", class_="kind")
    yield element("h1", title)
    facts = {
        "Transcripts": values.count(funnel["in"]),
        "Kept": values.count(funnel["kept"]),
        "Turns kept": values.count(funnel["turns"]),
        "Lines set aside": values.count(funnel["lines"]["set_aside"]),
        "Personal data": "replaced" if funnel["redacted_all"] else "not replaced",
    }
    yield element(
        "dl", *(element("div", element("dt", name), element("dd", fact)) for name, fact in facts.items())
    )


def _funnel(funnel: Mapping[str, Any]) -> Html:
    rows = [_bar("came in", funnel["in"], funnel["in"])]
    for step in funnel["steps"]:
        rows += (
            _bar(told["meaning"], told["count"], funnel["in"], lost=True) for told in step["dropped"].values()
        )
        if step["step"] in _DONE:
            rows.append(_bar(_DONE[step["step"]], step["out"], funnel["in"]))
    rows.append(_bar("kept", funnel["kept"], funnel["in"]))
    return section("funnel", "Funnel", element("div", element("div", *rows, class_="funnel"), class_="card"))


def _bar(name: str, count: int, most: int, *, lost: bool = False) -> Html:
    width = 100 * count / most if most else 0
    kind = "lost" if lost else None
    filled = element("i", class_=kind, style=f"width: {width:.2f}%")
    return joined(
        (
            element("span", name, class_=kind),
            element("div", filled),
            element("b", values.count(-count if lost else count)),
        )
    )


def _reasons(funnel: Mapping[str, Any]) -> Html | None:
    cards = [
        card(
            told["meaning"],
            *map(_example, told["examples"]),
            remark=f"{values.counted(told['count'], 'transcript')}, in the step {step['step']}",
        )
        for step in funnel["steps"]
        for told in step["dropped"].values()
    ]
    return (
        section("dropped", "What was dropped", element("div", *cards, class_="grid thirds"))
        if cards
        else None
    )


def _example(example: Mapping[str, Any]) -> Html:
    said = (element("p", line) for line in example["begins"])
    place = f"{example['origin']}: {example['detail']}"
    return element("div", disclosure(place, *said), class_="example")


def _counts(funnel: Mapping[str, Any]) -> Html | None:
    cards = [
        card(title, table(title, (name, count), [(each, values.count(n)) for each, n in funnel[key].items()]))
        for key, title, name, count in (
            ("redacted", "Placeholders", "Kind", "Placeholders"),
            ("strategies", "Strategies", "Strategy", "Turns"),
            ("stages", "Stages", "Stage", "Turns"),
            ("parts", "Parts", "Part", "Conversations"),
        )
        if funnel.get(key)
    ]
    return (
        section("counts", "What is in them", element("div", *cards, class_="grid thirds")) if cards else None
    )


def _pairs(pairs: Sequence[Pair], funnel: Mapping[str, Any]) -> Html | None:
    if not pairs:
        return None
    first = len(pairs) < funnel["kept"]
    remark = f"The first {len(pairs)} of {values.count(funnel['kept'])}." if first else "All that were kept."
    return section(
        "conversations",
        "Before and after",
        element(
            "p", f"{remark} What is personal is blotted out before, and a placeholder after.", class_="remark"
        ),
        *map(_pair, pairs),
    )


def _pair(pair: Pair) -> Html:
    after = pair.after
    turns = f"{len(pair.before.dialogue)} → {values.counted(len(after.dialogue), 'turn')}"
    sides = element(
        "div",
        element("div", element("h4", "Before"), *_said(pair.before, after.spoken_language)),
        element("div", element("h4", "After"), *_said(after, after.spoken_language)),
        class_="sides",
    )
    return element(
        "details", element("summary", element("b", after.id or ""), f" · {turns}"), sides, class_="pair"
    )


def _said(conversation: Conversation, language: Language) -> Iterator[Html]:
    for turn in conversation.dialogue[:_LONGEST_SHOWN]:
        lang = None if language == "en" else language
        yield element(
            "div",
            element("small", speaker_name(turn.speaker, language), *_labels(turn, language)),
            element("p", *_marked(turn.text), lang=lang),
            class_=f"said by-{turn.speaker}",
        )
    left = len(conversation.dialogue) - _LONGEST_SHOWN
    if left > 0:
        yield element("p", f"… and {values.counted(left, 'turn')} more", class_="remark")


def _labels(turn: Turn, language: Language) -> Iterator[object]:
    if turn.strategy is None:
        return
    yield " · "
    yield element("b", turn.strategy.name[language])
    if turn.stage:
        yield f" · {turn.stage.name[language]}"
    sure = (turn.model_extra or {}).get("confidence")
    if isinstance(sure, float):
        yield f" · {100 * sure:.0f} %"


def _marked(text: str) -> Iterator[Html]:
    """The text, with placeholders and blots to be seen at a glance."""
    for part in PLACEHOLDER.split(text):
        if PLACEHOLDER.fullmatch(part):
            yield element("mark", part)
        else:
            for piece in _BLOTS.split(part):
                yield element("s", piece) if _BLOTS.fullmatch(piece) else escaped(piece)
