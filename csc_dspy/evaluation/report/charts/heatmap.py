"""Which strategies are taken for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING

from csc_dspy.evaluation.report.charts._base import SMALL, WIDTH, Role, axes, figure, svg
from csc_dspy.evaluation.report.elements import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEFT, _TOP, _BELOW = 50, 40, 4


def confusion_heatmap(
    rows: Sequence[str],
    columns: Sequence[str | None],
    counts: Sequence[Sequence[int]],
    labels: Mapping[str | None, str],
    description: str,
) -> Html:
    """A field for each pair that occurred, as strong as its share of the row."""
    side = (WIDTH - _LEFT) / len(columns)
    height = side * len(rows)
    with figure(_TOP + height + _BELOW) as drawn:
        part = axes(drawn, _LEFT, _TOP, WIDTH - _LEFT, height)
        part.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
        _frame(part, [labels[row] for row in rows], [labels[column] for column in columns])
        for y, row in enumerate(counts):
            for x, count in enumerate(row):
                if count:
                    _field(part, (x, y), count, count / sum(row), agree=rows[y] == columns[x])
        return svg(drawn, description)


def _frame(part: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    part.set_xticks([x + 0.5 for x in range(len(columns))], columns)
    part.set_yticks([y + 0.5 for y in range(len(rows))], rows)
    part.xaxis.tick_top()
    part.xaxis.set_label_position("top")
    part.set_xlabel("predicted", size=SMALL, color=Role.MUTED.value, labelpad=6)
    part.set_ylabel("expected", size=SMALL, color=Role.MUTED.value, labelpad=6)
    part.plot(*_grid(len(rows), len(columns)), color=Role.LINE.value, lw=0.6, clip_on=False)


def _grid(rows: int, columns: int) -> tuple[list[float], list[float]]:
    """The lines between the fields, as one line with gaps."""
    lines = [((0, y), (columns, y)) for y in range(rows + 1)]
    lines += [((x, 0), (x, rows)) for x in range(columns + 1)]
    points = [point for start, end in lines for point in (start, end, (nan, nan))]
    return [x for x, _ in points], [y for _, y in points]


def _field(part: Axes, at: tuple[int, int], count: int, share: float, *, agree: bool) -> None:
    from matplotlib.patches import Rectangle

    strength = round(0.12 + 0.88 * share, 2)
    colour = (Role.AGREE if agree else Role.DIFFER).value
    part.add_patch(Rectangle(at, 1, 1, facecolor=colour, alpha=strength, clip_on=False))
    ink = (Role.PAPER if strength > 0.75 else Role.INK).value
    x, y = at
    part.text(x + 0.5, y + 0.5, str(count), ha="center", va="center_baseline", color=ink, size=SMALL)
