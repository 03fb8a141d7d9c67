"""Whether the two take turns, and the talk comes to an end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.quality._base import Checked

# A comma, a colon or a dash at the very end, or a bracket that nobody closed: the answer was cut off.
_CUT: Final = re.compile(r"[,，、:：;；(（\[【《“]\s*$")


def alternation(checked: Checked) -> Iterator[Flaw]:
    """The supporter begins, nobody speaks twice running, and the last words are whole."""
    turns = checked.conversation.dialogue
    if turns and turns[0].speaker == "customer":
        yield Flaw("not_alternating", "the customer begins", 1)
    for number, (one, other) in enumerate(pairwise(turns), 2):
        if one.speaker == other.speaker:
            yield Flaw("not_alternating", f"the {one.speaker} speaks twice running", number)
    if turns and _CUT.search(turns[-1].text):
        yield Flaw("no_end", f"the last words are {turns[-1].text[-30:]!r}", len(turns))
