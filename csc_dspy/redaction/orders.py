"""Numbers of orders, tickets and parcels: no personal data by themselves, and not to be taken for such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.redaction import contexts
from csc_dspy.redaction._base import Span
from csc_dspy.redaction.folding import Folded

_NUMBER: Final = re.compile(
    r"(?<![\dA-Za-z])[A-Za-z]{0,4}[-_]?\d[\dA-Za-z]*(?:[-_][\dA-Za-z]+)*(?![\dA-Za-z])"
)
_SHORTEST: Final = 5


def order_numbers(text: Folded) -> Iterator[Span]:
    """Numbers that are called an order and the like."""
    if not text.has_digits:
        return
    for found in _NUMBER.finditer(text.plain):
        if len(found[0]) >= _SHORTEST and contexts.names_order(text.plain, found.start()):
            yield Span("order", found.start(), found.end(), found[0].upper())
