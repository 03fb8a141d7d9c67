"""Whether a dialogue and its turns have a length that calls have."""

from __future__ import annotations

from collections.abc import Iterator

from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.quality._base import Checked


def lengths(checked: Checked) -> Iterator[Flaw]:
    """Not too few turns, not too many, and none that nobody would say in one breath."""
    turns, limits = checked.conversation.dialogue, checked.limits
    if len(turns) < limits.fewest_turns:
        yield Flaw("too_short", f"{len(turns)} turns of at least {limits.fewest_turns}")
    if len(turns) > limits.most_turns:
        yield Flaw("too_long", f"{len(turns)} turns of at most {limits.most_turns}")
    for number, turn in enumerate(turns, 1):
        if len(turn.text) > limits.longest_turn:
            detail = f"{len(turn.text)} characters of at most {limits.longest_turn}"
            yield Flaw("long_turn", detail, number)
