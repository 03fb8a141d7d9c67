"""Whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from csc_dspy.evaluation.report.charts._base import SMALL, WIDTH, Role, axes, figure, svg
from csc_dspy.evaluation.report.elements import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEFT, _RIGHT, _CURVE, _COUNTS, _GAP = 48, 14, 240, 70, 12
_HEIGHT = 10 + _CURVE + _GAP + _COUNTS + 36


def calibration_curve(bins: Sequence[Mapping[str, Any]], description: str) -> Html:
    """Accuracy over confidence, the diagonal that it should follow, and the size of each bin."""
    filled = [each for each in bins if each["count"]]
    width = WIDTH - _LEFT - _RIGHT
    with figure(_HEIGHT) as drawn:
        curve = axes(drawn, _LEFT, 10, width, _CURVE)
        _curve(curve, filled)
        counts = axes(drawn, _LEFT, 10 + _CURVE + _GAP, width, _COUNTS)
        _counts(counts, filled)
        return svg(drawn, description)


def _curve(part: Axes, bins: Sequence[Mapping[str, Any]]) -> None:
    from matplotlib.patches import Ellipse

    width = WIDTH - _LEFT - _RIGHT
    part.set(xlim=(0, 1), ylim=(0, 1))
    part.set_xticklabels([])
    part.grid(color=Role.LINE.value, lw=0.6)
    part.plot([0, 1], [0, 1], color=Role.MUTED.value, lw=1, dashes=(4, 3))
    sure = [each["confidence"] for each in bins]
    right = [each["accuracy"] for each in bins]
    part.vlines(sure, sure, right, color=Role.DIFFER.value, lw=1.6, clip_on=False)
    part.plot(sure, right, color=Role.AGREE.value, lw=1.8, clip_on=False)
    for x, y in zip(sure, right, strict=True):
        part.add_patch(Ellipse((x, y), 8 / width, 8 / _CURVE, facecolor=Role.AGREE.value, clip_on=False))
    part.set_ylabel("share that is right", size=SMALL, color=Role.MUTED.value)


def _counts(part: Axes, bins: Sequence[Mapping[str, Any]]) -> None:
    part.set(xlim=(0, 1), ylim=(0, max((each["count"] for each in bins), default=1) * 1.25), yticks=[])
    part.axhline(0, color=Role.LINE.value, lw=1)
    for each in bins:
        middle = (each["low"] + each["high"]) / 2
        part.bar(middle, each["count"], 0.8 * (each["high"] - each["low"]), color=Role.MUTED.value, alpha=0.5)
        part.text(
            middle,
            each["count"],
            str(each["count"]),
            ha="center",
            va="bottom",
            color=Role.MUTED.value,
            size=SMALL - 1,
        )
    part.set_ylabel("answers", size=SMALL, color=Role.MUTED.value, labelpad=20)
    part.set_xlabel("probability of the predicted strategy", size=SMALL, color=Role.MUTED.value)
