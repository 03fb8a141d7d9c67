"""How well each strategy is recognized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.evaluation.report.charts._base import SMALL, WIDTH, Role, axes, figure, svg
from csc_dspy.evaluation.report.elements import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEFT, _RIGHT, _TOP, _BELOW, _GROUP = 170, 24, 24, 20, 34
_THICK: Final = 0.22
_MEASURES: Final = (("precision", 0.35), ("recall", 0.65), ("f1", 1.0))
"""With the strength of their colour."""


@dataclass(frozen=True, slots=True)
class StrategyScore:
    """The three measures of one strategy, in percent, None where undefined."""

    name: str
    remark: str
    precision: float | None
    recall: float | None
    f1: float | None


def strategy_bars(scores: Sequence[StrategyScore], description: str) -> Html:
    """Three bars for each strategy, one below the other."""
    height = _GROUP * len(scores)
    with figure(_TOP + height + _BELOW) as drawn:
        part = axes(drawn, _LEFT, _TOP, WIDTH - _LEFT - _RIGHT, height)
        part.set(xlim=(0, 100), ylim=(len(scores) - 0.5, -0.5), yticks=[])
        part.set_xticks([0, 25, 50, 75, 100])
        part.grid(axis="x", color=Role.LINE.value, lw=0.6)
        for place, score in enumerate(scores):
            _group(part, place, score)
        _legend(part)
        return svg(drawn, description)


def _group(part: Axes, place: int, score: StrategyScore) -> None:
    left = -100 * 8 / (WIDTH - _LEFT - _RIGHT)
    part.text(left, place - 0.19, score.name, ha="right", va="center", color=Role.INK.value, size=SMALL + 0.5)
    part.text(
        left, place + 0.2, score.remark, ha="right", va="center", color=Role.MUTED.value, size=SMALL - 0.5
    )
    for number, (measure, strength) in enumerate(_MEASURES, start=-1):
        value = getattr(score, measure)
        if value is not None:
            at = place + number * (_THICK + 0.03)
            part.barh(at, value, _THICK, color=Role.AGREE.value, alpha=strength)
    if score.f1 is not None:
        at = place + _THICK + 0.04
        part.text(score.f1 + 1.5, at, f"{score.f1:.0f}", va="center", color=Role.INK.value, size=SMALL - 1.5)


def _legend(part: Axes) -> None:
    from matplotlib.patches import Patch

    shown = [
        Patch(color=Role.AGREE.value, alpha=strength, label="F1" if measure == "f1" else measure)
        for measure, strength in _MEASURES
    ]
    part.legend(
        handles=shown,
        ncols=3,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.2,
        frameon=False,
        fontsize=SMALL,
        labelcolor=Role.MUTED.value,
        handlelength=1.2,
        handleheight=0.8,
        columnspacing=1.4,
    )
