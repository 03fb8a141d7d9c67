"""What the answers took: time, calls, tokens, money, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element
from csc_dspy.evaluation.report.results import Results, context_title
from csc_dspy.evaluation.report.tables import card, section, table

_Shown = Callable[[Any], str]
_TIMES: Final = {"median": "Median", "p90": "90 % within", "p99": "99 % within", "max": "Longest"}
_COSTS: Final = {
    "calls": "Calls",
    "input_tokens": "Input tokens",
    "output_tokens": "Output tokens",
    "cached_tokens": "Tokens from a cache",
}


def cost_section(results: Results) -> Html:
    """One table each for time, cost and failures, without what is unknown or nothing at all."""
    cards = [each for each in (_latency(results), _cost(results), _failures(results)) if each is not None]
    return section("cost", "Time and cost", element("div", *cards, class_="grid thirds"))


def _latency(results: Results) -> Html | None:
    rows = _rows(results, "latency", _TIMES, values.seconds)
    total = _row(
        "All turns together", [scores.get("seconds") for scores in results.contexts.values()], values.seconds
    )
    return _table(results, "Time for a turn", [*rows, *total])


def _cost(results: Results) -> Html | None:
    rows = _rows(results, "cost", _COSTS, values.count)
    dollars = _rows(results, "cost", {"usd": "US dollars"}, lambda value: values.decimal(value, 4))
    return _table(results, "Cost", [*rows, *dollars])


def _failures(results: Results) -> Html | None:
    contexts = results.contexts.values()
    reasons = dict.fromkeys(reason for scores in contexts for reason in scores.get("failure_reasons", {}))
    rows: list[tuple[object, ...]] = [
        ("Turns", *(values.count(scores["turns"]) for scores in contexts)),
        ("Without an answer", *(values.count(scores["failures"]) for scores in contexts)),
        *(
            (element("q", reason), *(scores.get("failure_reasons", {}).get(reason, 0) for scores in contexts))
            for reason in reasons
        ),
    ]
    return _table(results, "Failures", rows)


def _rows(results: Results, part: str, named: Mapping[str, str], shown: _Shown) -> list[tuple[object, ...]]:
    """A row for each key of a part of the scores that some context knows."""
    found = [scores.get(part) or {} for scores in results.contexts.values()]
    return [
        row for key, title in named.items() for row in _row(title, [each.get(key) for each in found], shown)
    ]


def _row(title: str, numbers: list[Any], shown: _Shown) -> list[tuple[object, ...]]:
    return [(title, *(shown(number) for number in numbers))] if any(numbers) else []


def _table(results: Results, title: str, rows: list[tuple[object, ...]]) -> Html | None:
    heads = ("Measure", *(context_title(context).split()[0] for context in results.contexts))
    return card(title, table(title, heads, rows)) if rows else None
