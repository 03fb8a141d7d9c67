"""Whether personal data is in the clear that should be a placeholder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.redaction import Kind, Span, personal_data
from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.quality._base import Checked

KINDS: Final[frozenset[Kind]] = frozenset({"phone", "identity", "card", "email"})
"""What is surely somebody's. Names and addresses that were made up are part of a scene."""

_OF_A_COMPANY: Final = re.compile(
    r"(?:0086|86)?(?:400|800)\d{7}|1?8(?:00|33|44|55|66|77|88)\d{7}|0800\d{6,7}"
)
"""Numbers that are free to call; nobody has one at home."""


def personal(checked: Checked) -> Iterator[Flaw]:
    """No telephone, identity or card number and no e-mail address, in figures or spoken.

    Not even the flaw says the number: it may be a real one that a language model has learned.
    """
    for number, turn in enumerate(checked.conversation.dialogue, 1):
        found = sorted({span.kind for span in personal_data(turn.text) if _is_somebodys(span)})
        if found:
            yield Flaw("personal_data", f"{', '.join(found)} in the clear", number)


def _is_somebodys(span: Span) -> bool:
    return span.kind in KINDS and not (span.kind == "phone" and _OF_A_COMPANY.fullmatch(span.value))
