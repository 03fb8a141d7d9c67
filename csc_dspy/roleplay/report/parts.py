"""The parts of the page, each about one question; None where there is nothing to tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element, joined
from csc_dspy.evaluation.report.tables import card, disclosure, table
from csc_dspy.roleplay.report.wording import FACTS, TRAITS


def funnel_part(report: Mapping[str, Any]) -> Html:
    """What became of all dialogues."""
    counts = report["counts"]
    begun = counts["made"]
    rows = [_bar("begun", begun, begun)]
    rows += (
        _bar(each["meaning"], each["first"], begun, lost=True) for each in report["rejected"] if each["first"]
    )
    rows += (_bar(f"failed: {each['reason']}", each["count"], begun, lost=True) for each in report["failed"])
    rows.append(_bar("kept", counts["kept"], begun))
    return element("div", element("div", *rows, class_="funnel"), class_="card")


def _bar(name: str, count: int, most: int, *, lost: bool = False) -> Html:
    kind = "lost" if lost else None
    width = f"width: {100 * count / most if most else 0:.2f}%"
    return joined(
        (
            element("span", name, class_=kind),
            element("div", element("i", class_=kind, style=width)),
            element("b", values.count(-count if lost else count)),
        )
    )


def distributions_part(report: Mapping[str, Any]) -> Html | None:
    """Strategies, stages and transitions beside those of the target."""
    if "strategies" not in report:
        return None
    target = report["target"]
    apart = report["divergence"] or {}
    cards = [
        card(title, _pairs(report[key], target), remark=_apart(apart.get(key), target))
        for key, title in (("strategies", "Strategies"), ("stages", "Stages"))
    ]
    rows = [
        (_step(each["from"], each["to"]), _percent(each["share"]), _percent(each["target"]))
        for each in report["transitions"]
    ]
    drawn = table("Transitions", ("One after the other", "Here", target or "Target"), rows)
    remark = _apart(apart.get("transitions"), target) or "The most frequent ones."
    title = "Transitions that differ most" if target else "Transitions"
    strategies, stages = cards
    beside = element("div", stages, card(title, drawn, remark=remark), class_="stack")
    return element("div", strategies, beside, class_="grid")


def _apart(value: float | None, target: str | None) -> str | None:
    if value is None:
        return None
    return f"Jensen-Shannon divergence from {target}: {value:.3f} (0 is the same, 1 nothing in common)."


def _pairs(members: Sequence[Mapping[str, Any]], target: str | None) -> Html:
    """Two bars for each: of the corpus, and of the target."""
    most = max((share for each in members for share in (each["share"], each["target"] or 0)), default=0) or 1
    head = ["", "", "Here", "Target" if target else ""]
    rows = [element("span", name, class_="head") for name in head]
    for each in members:
        shares = [each["share"], *([each["target"]] if target else [])]
        bars = (element("i", style=f"width: {100 * share / most:.2f}%") for share in shares)
        rows += [
            element("b", each["en"], element("small", each["zh"], lang="zh")),
            element("div", *bars),
            element("span", _percent(each["share"])),
            element("span", _percent(each["target"]) if target else ""),
        ]
    return element("div", *rows, class_="pairs")


def _step(before: str | None, after: str) -> str:
    names = [(each or "start").replace("_", " ") for each in (before, after)]
    return " → ".join(names)


def words_part(report: Mapping[str, Any]) -> Html | None:
    """Lengths, and how varied the words are."""
    if "lengths" not in report:
        return None
    target = report["target"] or "Target"
    lengths = [
        (
            name,
            *(values.decimal(each[key], 1) for key in ("mean", "p95")),
            values.count(each["max"]),
            values.decimal(each["target"], 1),
        )
        for name, each in report["lengths"].items()
    ]
    variety = [
        (f"distinct-{order}, {speaker}", _percent(each["value"] / 100), _share(each["target"], 100))
        for speaker, orders in report["distinct"].items()
        for order, each in orders.items()
    ]
    variety += [
        (f"{speaker} turns said elsewhere too", _percent(each["value"]), _percent(each["target"]))
        for speaker, each in report["duplicates"].items()
    ]
    kinds = report["distinct_strategies"]
    variety.append(
        (
            "different strategies of a dialogue",
            values.decimal(kinds["value"], 1),
            values.decimal(kinds["target"], 1),
        )
    )
    return element(
        "div",
        card("Lengths", table("Lengths", ("", "mean", "95 %", "most", f"mean of {target}"), lengths)),
        card("Variety", table("Variety", ("", "Here", target), variety)),
        class_="grid",
    )


def contents_part(report: Mapping[str, Any]) -> Html | None:
    """Topics, industries, difficulties, endings and events."""
    counts = {FACTS[name]: counts for name, counts in (report.get("facts") or {}).items()}
    cards = [
        _frequencies(name, of, report) for name, of in {**counts, "Event": report.get("events")}.items() if of
    ]
    return element("div", *cards, class_="grid thirds") if cards else None


def profiles_part(report: Mapping[str, Any]) -> Html | None:
    """Who calls, and how much of what customers can be like that is."""
    coverage = report.get("coverage") or {}
    cards = [
        _frequencies(TRAITS[name], counts, report, _covered(coverage.get(name)))
        for name, counts in (report.get("profiles") or {}).items()
        if counts
    ]
    return element("div", *cards, class_="grid thirds") if cards else None


def _covered(field: Mapping[str, Any] | None) -> str | None:
    """How much of what customers can be like is among them."""
    if field is None:
        return None
    own = f", {values.count(field['other'])} of its own" if field["other"] else ""
    return f"{field['seen']} of {field['values']} known values, evenness {field['evenness']:.2f}{own}."


def _frequencies(
    name: str, counts: Mapping[str, int], report: Mapping[str, Any], remark: str | None = None
) -> Html:
    kept = report["counts"]["kept"]
    rows = [(each, values.count(count), _percent(count / kept)) for each, count in counts.items()]
    return card(name, table(name, ("", "Dialogues", "Share"), rows), remark=remark)


def rejected_part(report: Mapping[str, Any]) -> Html | None:
    """Examples of what was not kept, by reason."""
    cards = [
        card(
            each["meaning"],
            *map(_example, each["examples"]),
            remark=f"{values.counted(each['count'], 'dialogue')}; the first reason in {each['first']:,}",
        )
        for each in report["rejected"]
    ]
    cards += (
        card(
            f"failed: {each['reason']}",
            *map(_example, each["examples"]),
            remark=values.counted(each["count"], "dialogue"),
        )
        for each in report["failed"]
    )
    return element("div", *cards, class_="grid thirds") if cards else None


def _example(example: Mapping[str, Any]) -> Html:
    turn = f", turn {example['turn']}" if example.get("turn") else ""
    said: Iterable[Html] = (element("p", f"“{example['text']}”"),) if example.get("text") else ()
    return element(
        "div", disclosure(f"{example['id']}{turn}", element("p", example["detail"]), *said), class_="example"
    )


def _percent(share: float | None) -> str:
    return values.UNKNOWN if share is None else f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _share(value: float | None, whole: float) -> str:
    return values.UNKNOWN if value is None else _percent(value / whole)
