"""The report of a role play in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csc_dspy.cli import output


def show(report: Mapping[str, Any]) -> None:
    """Print the report: what was kept and what not, strategies and stages beside the target, variety."""
    _outcome(report)
    if "strategies" not in report:
        return
    for key, title in (("strategies", "Strategy"), ("stages", "Stage")):
        _members(report, key, title)
    _apart(report)
    _variety(report)
    _profiles(report)


def _outcome(report: Mapping[str, Any]) -> None:
    from csc_dspy.roleplay.report.wording import about

    output.table(("Role play", ""), list(about(report)))
    made = report["counts"]["made"]
    rows = [("kept", report["counts"]["kept"])]
    rows += [(each["meaning"], each["first"]) for each in report["rejected"] if each["first"]]
    rows += [(f"failed: {each['reason']}", each["count"]) for each in report["failed"]]
    output.table(("", "dialogues", ""), [(*row, output.bar(row[1], made)) for row in rows])


def _members(report: Mapping[str, Any], key: str, title: str) -> None:
    target = report["target"]
    rows = [
        (each["en"], each["zh"], each["count"], _percent(each["share"]), _percent(each["target"]))
        for each in report[key]
    ]
    output.table((title, "", "turns", "share", target or "target"), rows)


def _apart(report: Mapping[str, Any]) -> None:
    if report["divergence"]:
        rows = [(name, _decimal(value)) for name, value in report["divergence"].items()]
        output.table((f"Divergence from {report['target']}", "0 same, 1 nothing in common"), rows)


def _variety(report: Mapping[str, Any]) -> None:
    rows = [
        (f"distinct-{order}, {speaker}", f"{each['value']:.1f}%", _decimal(each["target"], "{:.1f}%"))
        for speaker, orders in report["distinct"].items()
        for order, each in orders.items()
    ]
    rows += [
        (name, f"{each['mean']:.1f}", _decimal(each["target"], "{:.1f}"))
        for name, each in report["lengths"].items()
    ]
    output.table(("Variety and mean lengths", "here", report["target"] or "target"), rows)


def _profiles(report: Mapping[str, Any]) -> None:
    rows = [
        (
            name.replace("_", " "),
            f"{each['seen']} of {each['values']}",
            f"{each['evenness']:.2f}",
            each["other"],
        )
        for name, each in report["coverage"].items()
    ]
    if rows:
        output.table(("Customers", "known values seen", "evenness", "others"), rows)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:6.1%}"


def _decimal(value: float | None, form: str = "{:.3f}") -> str | None:
    return None if value is None else form.format(value)
