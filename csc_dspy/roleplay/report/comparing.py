"""A corpus beside one that it should be like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

from csc_dspy.data.statistics import Length, Statistics
from csc_dspy.metrics.dialogues.transition_divergence import TransitionDivergence
from csc_dspy.roleplay.report.survey import Survey
from csc_dspy.taxonomy import Stage, Strategy

_STEPS: Final = 12
"""How many transitions are told of: those that differ most."""


def comparison(ours: Survey, target: Survey | None) -> dict[str, Any]:
    """Distributions of both, and how far they are apart."""
    mine, other = ours.statistics, target.statistics if target else None
    taxonomy = mine.taxonomy
    return {
        "strategies": _members(
            taxonomy.strategies, mine.labels.strategies, other.labels.strategies if other else None
        ),
        "stages": _members(taxonomy.stages, mine.labels.stages, other.labels.stages if other else None),
        "transitions": _transitions(mine, other),
        "divergence": _divergences(mine, other) if other else None,
        "lengths": {
            name: _pair(length, _lengths(other).get(name) if other else None)
            for name, length in _lengths(mine).items()
        },
        "distinct": _distinct(ours, target),
        "duplicates": {
            "supporter": _repeated(mine, other, "supporter_turns"),
            "customer": _repeated(mine, other, "customer_turns"),
        },
        "distinct_strategies": {
            "value": mine.sequences.distinct_strategies,
            "target": other.sequences.distinct_strategies if other else None,
        },
    }


def divergence(statistics: Statistics, one: Iterable[int], other: Iterable[int]) -> float | None:
    """The Jensen-Shannon divergence, base 2, of two distributions: 0 if they are the same, 1 at most.

    None if one of them has nothing in it.
    """
    import numpy as np

    counts = [np.array([*each], dtype=float) for each in (one, other)]
    if not all(each.sum() for each in counts):
        return None
    return float(TransitionDivergence(statistics.taxonomy).value(np.concatenate(counts)))


def _divergences(mine: Statistics, other: Statistics) -> dict[str, float | None]:
    return {
        "strategies": divergence(mine, mine.labels.strategies.values(), other.labels.strategies.values()),
        "stages": divergence(mine, mine.labels.stages.values(), other.labels.stages.values()),
        "transitions": divergence(mine, _steps(mine).values(), _steps(other).values()),
    }


def _steps(statistics: Statistics) -> dict[tuple[str | None, str], int]:
    """How often a strategy came after another, or first; all pairs there are."""
    transitions = statistics.transitions
    starts = (((None, first), count) for first, count in transitions.start.items())
    between = (
        ((before, after), count)
        for before, row in transitions.between.items()
        for after, count in row.items()
    )
    return dict(chain(starts, between))


def _transitions(mine: Statistics, other: Statistics | None) -> list[dict[str, Any]]:
    """Those whose shares differ most; without a target the most frequent ones."""
    own = _shares(_steps(mine))
    wanted = _shares(_steps(other)) if other else None
    apart = {step: abs(share - (wanted[step] if wanted else 0)) for step, share in own.items()}
    chosen = sorted((step for step in own if apart[step]), key=lambda step: -apart[step])[:_STEPS]
    return [
        {"from": before, "to": after, "share": own[before, after], "target": wanted and wanted[before, after]}
        for before, after in chosen
    ]


def _shares(counts: Mapping[Any, int]) -> dict[Any, float]:
    total = sum(counts.values())
    return {key: count / total if total else 0.0 for key, count in counts.items()}


def _members(
    members: Iterable[Strategy | Stage], counts: Mapping[str, int], wanted: Mapping[str, int] | None
) -> list[dict[str, Any]]:
    own, target = _shares(counts), _shares(wanted) if wanted else None
    return [
        {
            "id": each.id,
            "en": each.name.en,
            "zh": each.name.zh,
            "count": counts[each.id],
            "share": own[each.id],
            "target": target and target[each.id],
        }
        for each in members
    ]


def _lengths(statistics: Statistics) -> dict[str, Length]:
    lengths = statistics.lengths
    found = {
        f"turns of a dialogue, {language}": length for language, length in lengths.turns_per_dialogue.items()
    }
    for speaker, by_language in lengths.characters_per_turn.items():
        found |= {f"characters of a {speaker} turn, {name}": length for name, length in by_language.items()}
    # All together would mix characters of two scripts.
    return {name: length for name, length in found.items() if length.count and not name.endswith(", all")}


def _pair(length: Length, target: Length | None) -> dict[str, Any]:
    return {"mean": length.mean, "p95": length.p95, "max": length.max, "target": target and target.mean}


def _distinct(ours: Survey, target: Survey | None) -> dict[str, Any]:
    return {
        speaker: {
            order: {"value": value, "target": target and target.distinct[speaker][order]}
            for order, value in by_order.items()
        }
        for speaker, by_order in ours.distinct.items()
    }


def _repeated(mine: Statistics, other: Statistics | None, what: str) -> dict[str, Any]:
    """The share of turns whose text is in another dialogue as well."""
    return {
        "value": getattr(mine.duplicates, what).elsewhere_share,
        "target": getattr(other.duplicates, what).elsewhere_share if other else None,
    }
