"""Strategies by their measured probabilities."""

from __future__ import annotations

from collections.abc import Mapping

from csc_dspy.taxonomy import Strategy, Taxonomy


def ranked(probabilities: Mapping[str, float], taxonomy: Taxonomy) -> list[Strategy]:
    """The strategies, the likeliest first; equals in the order of the taxonomy, as programs decide too."""
    return sorted(taxonomy.strategies, key=lambda each: -probabilities.get(each.id, 0.0))
