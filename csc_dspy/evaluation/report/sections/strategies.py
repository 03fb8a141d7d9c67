"""How well strategies are recognized, and what they are taken for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.charts import StrategyScore, confusion_heatmap, strategy_bars
from csc_dspy.evaluation.report.elements import Html, element
from csc_dspy.evaluation.report.results import Name, Results, context_title
from csc_dspy.evaluation.report.tables import card, chart, section, table

_LISTED: Final = 8
_TO_EXAMPLES: Final = (
    "The number of turns leads to them. The share is of all turns with the expected strategy."
)


class _Mistake(NamedTuple):
    """A strategy that was expected, what was predicted for it, and how often."""

    times: int
    expected: str
    predicted: str | None
    of: int


def strategies_section(results: Results) -> Html | None:
    """Bars, confusions and the mistakes made most, for each context."""
    scored, confused = results.with_part("strategies"), results.with_part("confusion")
    if not scored and not confused:
        return None
    cards = [
        *(_bars(results, context, scores) for context, scores in scored.items()),
        *(_heatmap(results, context, confusion) for context, confusion in confused.items()),
        *(_mistakes(results, context, confusion) for context, confusion in confused.items()),
    ]
    return section("strategies", "Strategies", element("div", *cards, class_="grid"))


def _bars(results: Results, context: str, scores: list[dict[str, Any]]) -> Html:
    shown = [_score(results.strategies[each["id"]], each) for each in scores]
    title = f"By strategy: {context_title(context).lower()}"
    rows = [
        (
            results.strategies[each["id"]].both,
            values.count(each["support"]),
            *(values.percent(each[measure]) for measure in ("precision", "recall", "f1")),
        )
        for each in scores
    ]
    data = table(title, ("Strategy", "Turns", "Precision", "Recall", "F1"), rows)
    return card(
        title, chart(strategy_bars(shown, f"{title}. Precision, recall and F1 of each strategy"), data)
    )


def _score(name: Name, score: Mapping[str, Any]) -> StrategyScore:
    support = values.counted(score["support"], "turn")
    other = name.zh if name.zh != name.en else None
    remark = " · ".join(filter(None, (name.short, other, support)))
    return StrategyScore(name.en, remark, score["precision"], score["recall"], score["f1"])


def _heatmap(results: Results, context: str, confusion: Mapping[str, Any]) -> Html:
    rows, columns, counts = _without_empty(confusion)
    names = results.strategies
    title = f"Confusions: {context_title(context).lower()}"
    labels = {id_: name.short for id_, name in names.items()}
    picture = confusion_heatmap(
        rows, columns, counts, labels, f"{title}. Expected strategies by predicted ones"
    )
    heads = ("Expected", *(element("abbr", names[id_].short, title=names[id_].en) for id_ in columns))
    data = table(title, heads, [(names[id_].both, *row) for id_, row in zip(rows, counts, strict=True)])
    return card(
        title,
        chart(picture, data),
        remark="Numbers are turns; the stronger a field, the larger its share of its row. "
        "Right answers are on the diagonal.",
    )


def _without_empty(confusion: Mapping[str, Any]) -> tuple[list[str], list[str | None], list[list[int]]]:
    """The counts, without the column for no answer where there always is one."""
    columns, counts = list(confusion["columns"]), [list(row) for row in confusion["counts"]]
    if None in columns and not any(row[columns.index(None)] for row in counts):
        place = columns.index(None)
        for row in (columns, *counts):
            del row[place]
    return list(confusion["rows"]), columns, counts


def _mistakes(results: Results, context: str, confusion: Mapping[str, Any]) -> Html:
    found = sorted(_wrong(confusion), key=lambda each: -each.times)
    title = f"Most frequent mistakes: {context_title(context).lower()}"
    if not found:
        return card(title, element("p", "None: every strategy is right.", class_="remark"))
    rows = [
        (
            results.strategies[each.expected].both,
            results.strategies[each.predicted].both,
            _link(results, context, each),
            f"{100 * each.times / each.of:.0f} %",
        )
        for each in found[:_LISTED]
    ]
    columns = ("Expected", "Predicted instead", "Turns", "Share")
    return card(title, table(title, columns, rows, texts=2), remark=_TO_EXAMPLES)


def _wrong(confusion: Mapping[str, Any]) -> Iterator[_Mistake]:
    for expected, row in zip(confusion["rows"], confusion["counts"], strict=True):
        for predicted, count in zip(confusion["columns"], row, strict=True):
            if count and predicted != expected:
                yield _Mistake(count, expected, predicted, sum(row))


def _link(results: Results, context: str, mistake: _Mistake) -> Html:
    """How often it was made, leading to the conversations with it."""
    expected, predicted = results.strategies[mistake.expected], results.strategies[mistake.predicted]
    chosen = {"context": context, "expected": expected.short, "predicted": predicted.short}
    times = values.count(mistake.times)
    spoken = f"{times}: show {expected.en} taken for {predicted.en}"
    return element("a", times, href=f"#{urlencode(chosen)}", aria_label=spoken)
