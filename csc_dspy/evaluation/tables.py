"""Results as tables: columns, rows and a title, for whoever draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from csc_dspy.evaluation.contexts import CONTEXTS, Context
from csc_dspy.evaluation.published import METRICS as PUBLISHED_METRICS
from csc_dspy.evaluation.published import NOTE, PUBLISHED, published_figures
from csc_dspy.metrics import HEADLINE

Row = Sequence[str]

_NEURAL: Final = ("BS", "BR")
# As the published table has them: those of the response first, the neural ones behind ROUGE-L.
_COLUMNS: Final = (*HEADLINE[:3], *_NEURAL, *HEADLINE[3:])


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. Cells may have several lines; None stands for a rule between rows."""

    columns: tuple[str, ...]
    rows: tuple[Row | None, ...]
    title: str | None = None

    def __str__(self) -> str:
        rows = [row for row in (self.columns, None, *self.rows) if row is not None]
        widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
        lines: list[str] = [self.title] if self.title else []
        for row in (self.columns, None, *self.rows):
            lines += ["─" * (sum(widths) + 2 * len(widths) - 2)] if row is None else _lines(row, widths)
        return "\n".join(lines)


def _width(cell: str) -> int:
    return max(map(len, cell.split("\n")))


def _lines(row: Row, widths: Sequence[int]) -> list[str]:
    cells = [cell.split("\n") for cell in row]
    height = max(map(len, cells))
    padded = [cell + [""] * (height - len(cell)) for cell in cells]
    return [
        "  ".join(
            part.rjust(width) if place else part.ljust(width)
            for place, (part, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in zip(*padded, strict=True)
    ]


def score_grid(content: Mapping[str, Any], *, published: bool = False) -> Grid:
    """The headline metrics, the contexts side by side; beneath each value half the width of its interval."""
    shown = [context for context in CONTEXTS if context in content]
    names = {context: _names(content[context], published=published) for context in shown}
    columns = [
        f"{context}\n{name}" if place == 0 else f"\n{name}"
        for context in shown
        for place, name in enumerate(names[context])
    ]
    own = [_score(content[context].get(name)) for context in shown for name in names[context]]
    rows: list[Row | None] = [(content["about"]["program"], *own)]
    if published:
        rows += [None, *(_published(model, names) for model in PUBLISHED)]
    return Grid(("", *columns), _aligned(columns, rows), f"below the line: {NOTE}" if published else None)


def narrow_grid(content: Mapping[str, Any]) -> Grid:
    """The same with a row for each metric, for where there is little room."""
    shown = [context for context in CONTEXTS if context in content]
    names = [name for name in _COLUMNS if any(name in content[context] for context in shown)]
    rows = [
        (name, *(_score(content[context].get(name)).replace("\n", " ") for context in shown))
        for name in names
    ]
    return Grid(("", *shown), _aligned(shown, rows), content["about"]["program"])


def _names(context: Mapping[str, Any], *, published: bool) -> list[str]:
    wanted = {*context, *(PUBLISHED_METRICS if published else ())}
    return [name for name in _COLUMNS if name in wanted]


def _score(score: Mapping[str, float | None] | None) -> str:
    if score is None or score["value"] is None:
        return ""
    if score["low"] is None or score["high"] is None:
        return f"{score['value']:.2f}"
    return f"{score['value']:.2f}\n±{(score['high'] - score['low']) / 2:.2f}"


def _published(model: str, names: Mapping[Context, Sequence[str]]) -> Row:
    figures = [
        published_figures(model, context).get(name) for context, group in names.items() for name in group
    ]
    return (model, *("" if figure is None else f"{figure:.2f}" for figure in figures))


def _aligned(columns: Sequence[str], rows: Sequence[Row | None]) -> tuple[Row | None, ...]:
    """The rows with every number as wide as the widest of its column."""
    widths = [
        max(_width(cell) for cell in chain([""], (row[place] for row in rows if row)))
        for place in range(1, len(columns) + 1)
    ]

    def wide(cell: str, width: int) -> str:
        return "\n".join(line.rjust(width) for line in cell.split("\n"))

    return tuple(
        row and (row[0], *(wide(cell, width) for cell, width in zip(row[1:], widths, strict=True)))
        for row in rows
    )


def strategy_grid(content: Mapping[str, Any], context: Context) -> Grid | None:
    """Precision, recall and F1 of every strategy; None if the system predicts none."""
    scores = content[context]["strategies"]
    if scores is None:
        return None
    names = {each["id"]: each["name"]["en"] for each in content["about"]["taxonomy"]["strategies"]}
    rows = [
        (
            names[each["id"]],
            str(each["support"]),
            *("" if each[name] is None else f"{each[name]:.1f}" for name in ("precision", "recall", "f1")),
        )
        for each in scores
    ]
    columns = ("strategy", "turns", "precision", "recall", "F1")
    return Grid(columns, _aligned(columns[1:], rows), f"strategies, {context} context")


def comparison_grid(content: Mapping[str, Any]) -> Grid:
    """The differences to the other system, each with its interval and what that means."""
    found = content["comparison"]
    rows = [
        (context, name, *_difference(each), each["verdict"])
        for context in CONTEXTS
        for name, each in found.get(context, {}).items()
    ]
    columns = ("context", "metric", "this", "other", "difference", "95 % interval", "p", "this is")
    return Grid(columns, tuple(rows), f"compared with {found['other']['program']}")


def _difference(each: Mapping[str, Any]) -> Row:
    def number(key: str, form: str) -> str:
        return "" if each[key] is None else format(each[key], form)

    interval = "" if each["low"] is None else f"[{each['low']:+.2f}, {each['high']:+.2f}]"
    values = (number("value", ".2f"), number("other", ".2f"), number("difference", "+.2f"))
    return (*values, interval, number("p", ".3g"))
