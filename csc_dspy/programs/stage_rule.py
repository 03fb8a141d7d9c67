"""The rule about stages: a conversation moves forward, and falls back no further than the taxonomy allows."""

from __future__ import annotations

from csc_dspy.taxonomy import Stage, Taxonomy


def allowed_stage(proposed: Stage, running: Stage, taxonomy: Taxonomy) -> Stage:
    """``proposed``, or the earliest stage that may follow ``running`` if it lies before that."""
    earliest = max(1, running.number - taxonomy.fall_back)
    return proposed if proposed.number >= earliest else taxonomy.stages[earliest - 1]
