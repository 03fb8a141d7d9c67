"""The scores: headline metrics in both contexts, by language, and all the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element, joined
from csc_dspy.evaluation.report.results import LANGUAGES, Results, context_title
from csc_dspy.evaluation.report.tables import card, disclosure, section, table
from csc_dspy.evaluation.report.wording import GROUPS, HEADLINE, METRICS, Wording

_INTERVALS = "Small figures: 95 % intervals, bootstrapped over dialogues."


def headline_section(results: Results) -> Html:
    """What to read first."""
    named = _present(results, METRICS)
    return section(
        "scores",
        "Scores",
        element(
            "div",
            card("Headline", _overall(results, _headline(named), strip=True), remark=_INTERVALS),
            card("By language", _by_language(results, _headline(named)), remark=_spoken(results)),
            class_="grid",
        ),
        disclosure("All metrics", _all_metrics(results)),
    )


def _headline(named: Mapping[str, Wording]) -> dict[str, Wording]:
    return {name: named[name] for name in HEADLINE if name in named}


def _present(results: Results, known: Mapping[str, Wording]) -> dict[str, Wording]:
    """Metrics that some context was scored by."""
    return {
        name: wording
        for name, wording in known.items()
        if any(name in scores for scores in results.contexts.values())
    }


def _overall(results: Results, metrics: Mapping[str, Wording], *, strip: bool = False) -> Html:
    contexts = results.contexts
    rows = [
        (
            _metric(name, wording),
            *(_score(scores.get(name), wording, strip=strip) for scores in contexts.values()),
        )
        for name, wording in metrics.items()
    ]
    return table("Headline metrics", ("Metric", *map(context_title, contexts)), rows)


def _by_language(results: Results, metrics: Mapping[str, Wording]) -> Html:
    parts = list(_parts(results))
    rows = [
        (wording.title, *(_score(scores.get(name), wording) for _, scores in parts))
        for name, wording in metrics.items()
    ]
    return table("Headline metrics by language", ("Metric", *(title for title, _ in parts)), rows)


def _parts(results: Results) -> Iterator[tuple[Html, Mapping[str, Any]]]:
    for context, scores in results.contexts.items():
        for language, part in scores.get("languages", {}).items():
            short = context_title(context).split()[0]
            yield joined((LANGUAGES[language], element("small", short))), part


def _spoken(results: Results) -> str:
    """How much there is in each language."""
    scores = next(iter(results.contexts.values()))
    return "; ".join(
        f"{LANGUAGES[language]}: {values.counted(part['turns'], 'turn')} in "
        f"{values.counted(part['dialogues'], 'dialogue')}"
        for language, part in scores.get("languages", {}).items()
    )


def _all_metrics(results: Results) -> Html:
    return element(
        "div",
        *(
            card(title, _overall(results, present))
            for title, known in GROUPS.items()
            if (present := _present(results, known))
        ),
        class_="grid",
    )


def _metric(name: str, wording: Wording) -> Html:
    unit = "%" if wording.percent else ""
    better = "" if wording.higher_is_better else "lower is better; "
    return joined(
        (
            element("span", wording.title, element("span", unit, class_="unit") if unit else None),
            element("small", better, wording.gloss, title=name),
        )
    )


def _score(score: Mapping[str, float | None] | None, wording: Wording, *, strip: bool = False) -> Html | str:
    """A value and its interval; a strip shows both on the way from 0 to 100."""
    if score is None or score["value"] is None:
        return values.UNKNOWN
    digits = 2 if wording.percent else 3
    low, high = score.get("low"), score.get("high")
    known = low is not None and high is not None
    between = f"{values.decimal(low, digits)}–{values.decimal(high, digits)}" if known else None
    return joined(
        (
            element("b", values.decimal(score["value"], digits)),
            element("small", between) if between else None,
            _strip(score) if strip and wording.percent else None,
        )
    )


def _strip(score: Mapping[str, float | None]) -> Html:
    value = score["value"] or 0.0
    low, high = score.get("low"), score.get("high")
    low, high = (value if low is None else low), (value if high is None else high)
    return element(
        "span",
        element("i", style=f"left:{low:.1f}%;width:{max(0.0, high - low):.1f}%"),
        element("b", style=f"left:{value:.1f}%"),
        class_="strip",
        aria_hidden="true",
    )
