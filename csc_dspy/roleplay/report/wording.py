"""What things are called in a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

FACTS: Final = {"topic": "Topic", "industry": "Industry", "difficulty": "Difficulty", "ended": "Ended by"}
TRAITS: Final = {
    "age": "Age",
    "occupation": "Occupation",
    "region": "Region",
    "education": "Education",
    "temper": "Temper",
    "speaking_style": "Way of speaking",
    "emotion": "Emotion",
    "channel": "Channel",
    "digital_skill": "Digital skill",
    "relation": "Relation to the company",
}


def about(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts that everyone asks for, each with its name."""
    counts = report["counts"]
    rejected, failed = sum(counts["rejected"].values()), sum(counts["failed"].values())
    yield "Dialogues begun", f"{counts['made']:,}"
    yield "Rejected", f"{rejected:,}"
    yield "Failed", f"{failed:,}"
    yield "Turns kept", f"{counts['turns']:,}"
    yield "Language", ", ".join(f"{name} {count:,}" for name, count in counts["languages"].items()) or "–"
    yield "Played by", ", ".join(dict.fromkeys(report["models"].values())) or report["engine"] or "–"
    yield "Judge", f"{report['threshold']} of 5 criteria" if report["threshold"] else "none"
    yield "Strategies replaced by rule", f"{counts['overruled']:,}"
    yield "Calls", f"{counts['calls']:,}"
    yield "Tokens", f"{counts['tokens']:,}"
    yield "Cost", "price not known" if counts["usd"] is None else f"{counts['usd']:,.2f} USD"
