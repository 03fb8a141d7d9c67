"""How often the strategy is right where its place in the conversation does not give it away."""

from __future__ import annotations

from functools import cached_property

from csc_dspy.metrics._base import Attempt
from csc_dspy.metrics.labels.accuracy import Accuracy
from csc_dspy.taxonomy import Strategy, Taxonomy


class MidAccuracy(Accuracy):
    """``mid``: the accuracy without the turns whose gold strategy opens or closes conversations."""

    name = "mid"

    @cached_property
    def left_out(self) -> frozenset[Strategy]:
        """See `position_bound`."""
        return frozenset(position_bound(self.taxonomy))

    def score(self, attempt: Attempt) -> float | None:
        """As for the accuracy."""
        return None if attempt.example.turn.strategy in self.left_out else super().score(attempt)


def position_bound(taxonomy: Taxonomy) -> tuple[Strategy, ...]:
    """The strategies that open and close conversations; for COPC those numbered 1, 2 and 11.

    A first stage to which no strategy leads back is an opening, and the strategies at home there open. Only
    a taxonomy with an opening is taken to know a farewell: the last of the strategies at home in its last
    stage. Where conversations may come back to the first stage, as in ESConv, none is bound to its place.
    """
    first, last = taxonomy.stages[0], taxonomy.stages[-1]
    opening = [each for each in taxonomy.strategies if each.stage == first]
    if first == last or not opening or any(each.reopens for each in opening):
        return ()
    return (*opening, *[each for each in taxonomy.strategies if each.stage == last][-1:])
