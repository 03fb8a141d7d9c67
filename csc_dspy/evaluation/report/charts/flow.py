"""Where the turns of each stage are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from csc_dspy.evaluation.report.charts._base import SMALL, WIDTH, Role, axes, figure, svg
from csc_dspy.evaluation.report.elements import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TOP, _BARS, _GAP, _SIDE, _NODE = 30, 200, 26, 118, 8


class _Bar(NamedTuple):
    """A stage on one side of the chart."""

    top: float
    size: float


def stage_flow(
    rows: Sequence[str],
    columns: Sequence[str | None],
    counts: Sequence[Sequence[int]],
    labels: Mapping[str | None, tuple[str, str]],
    description: str,
) -> Html:
    """Expected stages on the left, predicted ones on the right, bands as thick as the turns they share."""
    expected = [sum(row) for row in counts]
    predicted = [sum(column) for column in zip(*counts, strict=True)]
    unit = _BARS / max(1, sum(expected))
    height = _BARS + _GAP * (len(columns) - 1)
    with figure(_TOP + height + 12) as drawn:
        part = axes(drawn, 0, _TOP, WIDTH, height)
        part.set(xlim=(0, WIDTH), ylim=(height, 0), xticks=[], yticks=[])
        left, right = _stack(expected, unit), _stack(predicted, unit)
        _bands(part, counts, left, right, [[row == column for column in columns] for row in rows])
        for stage, bar, count in zip(rows, left, expected, strict=True):
            _stage(part, bar, (*labels[stage], count), "right")
        for column, bar, count in zip(columns, right, predicted, strict=True):
            _stage(part, bar, (*labels[column], count), "left")
        part.text(_SIDE, -16, "expected", ha="right", size=SMALL, color=Role.MUTED.value)
        part.text(WIDTH - _SIDE, -16, "predicted", ha="left", size=SMALL, color=Role.MUTED.value)
        return svg(drawn, description)


def _stack(counts: Sequence[int], unit: float) -> list[_Bar]:
    tops = [sum(counts[:place]) * unit + place * _GAP for place in range(len(counts))]
    return [_Bar(top, count * unit) for top, count in zip(tops, counts, strict=True)]


def _bands(
    part: Axes,
    counts: Sequence[Sequence[int]],
    left: Sequence[_Bar],
    right: Sequence[_Bar],
    agree: Sequence[Sequence[bool]],
) -> None:
    used_right = [0.0] * len(right)
    for row, start, agreeing in zip(counts, left, agree, strict=True):
        used = 0.0
        for column, count in enumerate(row):
            size = count / max(1, sum(row)) * start.size
            if count:
                end = right[column].top + used_right[column]
                _band(part, start.top + used, end, size, agree=agreeing[column])
            used += size
            used_right[column] += size


def _band(part: Axes, start: float, end: float, size: float, *, agree: bool) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    left, right, middle = _SIDE + _NODE + 4, WIDTH - _SIDE - _NODE - 4, WIDTH / 2
    there = [(left, start), (middle, start), (middle, end), (right, end)]
    back = [(x, y + size) for x, y in reversed(there)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    role, strength = (Role.AGREE, 0.4) if agree else (Role.DIFFER, 0.6)
    part.add_patch(
        PathPatch(
            Path([*there, *back, there[0]], codes), facecolor=role.value, lw=0, alpha=strength, clip_on=False
        )
    )


def _stage(part: Axes, bar: _Bar, words: tuple[str, str, int], side: Literal["left", "right"]) -> None:
    from matplotlib.patches import Rectangle

    name, other, count = words
    if not count:
        return
    x = _SIDE + 4 if side == "right" else WIDTH - _SIDE - _NODE - 4
    part.add_patch(Rectangle((x, bar.top), _NODE, bar.size, facecolor=Role.MUTED.value, clip_on=False))
    at = _SIDE if side == "right" else WIDTH - _SIDE
    middle = bar.top + bar.size / 2
    part.text(at, middle - 6.5, name, ha=side, va="center", size=SMALL, color=Role.INK.value)
    part.text(
        at,
        middle + 6,
        f"{other} · {count}" if other else str(count),
        ha=side,
        va="center",
        size=SMALL - 1,
        color=Role.MUTED.value,
    )
