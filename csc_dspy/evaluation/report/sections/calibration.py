"""Whether the system's probabilities can be relied on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.charts import calibration_curve
from csc_dspy.evaluation.report.elements import Html, element
from csc_dspy.evaluation.report.results import Results, context_title
from csc_dspy.evaluation.report.tables import card, chart, section, table


def calibration_section(results: Results) -> Html | None:
    """A curve with its counts, for each context in which there were probabilities."""
    cards = [_curve(context, bins) for context, bins in results.with_part("calibration").items()]
    return section("calibration", "Calibration", element("div", *cards, class_="grid")) if cards else None


def _curve(context: str, bins: Sequence[Mapping[str, Any]]) -> Html:
    title = f"Calibration: {context_title(context).lower()}"
    picture = calibration_curve(
        bins, f"{title}. Share of right answers over the probability of the predicted strategy, and counts"
    )
    rows = [
        (
            f"{each['low']:.1f}–{each['high']:.1f}",
            values.count(each["count"]),
            values.decimal(each["confidence"]),
            values.decimal(each["accuracy"]),
        )
        for each in bins
    ]
    data = table(title, ("Probability", "Answers", "Mean probability", "Share right"), rows)
    return card(
        title,
        chart(picture, data),
        remark="On the dashed line probabilities are as good as they claim; orange is the gap.",
    )
