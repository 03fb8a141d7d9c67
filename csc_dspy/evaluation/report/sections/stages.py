"""Where in a conversation the system takes itself to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csc_dspy.evaluation.report.charts import stage_flow
from csc_dspy.evaluation.report.elements import Html, element
from csc_dspy.evaluation.report.results import Results, context_title
from csc_dspy.evaluation.report.tables import card, chart, section, table


def stages_section(results: Results) -> Html | None:
    """The flow from expected to predicted stages, for each context."""
    cards = [_flow(results, context, flow) for context, flow in results.with_part("stages").items()]
    return section("stages", "Stages", element("div", *cards, class_="grid")) if cards else None


def _flow(results: Results, context: str, flow: Mapping[str, Any]) -> Html:
    names = results.stages
    title = f"Stages: {context_title(context).lower()}"
    labels = {id_: (name.en, name.zh if name.zh != name.en else "") for id_, name in names.items()}
    picture = stage_flow(
        flow["rows"],
        flow["columns"],
        flow["counts"],
        labels,
        f"{title}. Bands from expected to predicted stages, as thick as the turns they share",
    )
    heads = ("Expected", *(names[id_].en for id_ in flow["columns"]))
    rows = [(names[id_].both, *row) for id_, row in zip(flow["rows"], flow["counts"], strict=True)]
    return card(
        title,
        chart(picture, table(title, heads, rows)),
        remark="Each band is as thick as it has turns. Blue ones are right, orange ones lead elsewhere.",
    )
