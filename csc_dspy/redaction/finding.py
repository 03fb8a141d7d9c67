"""All personal data of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from csc_dspy.redaction._base import Finder, Span
from csc_dspy.redaction.addresses import addresses
from csc_dspy.redaction.folding import Folded
from csc_dspy.redaction.internet import internet
from csc_dspy.redaction.names_en import english_names
from csc_dspy.redaction.names_zh import chinese_names
from csc_dspy.redaction.numbers import CERTAIN, LIKELY, numbers
from csc_dspy.redaction.orders import order_numbers
from csc_dspy.redaction.spoken import spoken_numbers

_FINDERS: Final[tuple[Finder, ...]] = (
    internet,
    numbers(CERTAIN),
    order_numbers,
    numbers(LIKELY),
    spoken_numbers,
    addresses,
    chinese_names,
    english_names,
)
"""Where two find different things in one place, the earlier is right."""

_PLACEHOLDER: Final = re.compile(r"[\[【][^\[\]【】\n]{1,40}[\]】]")


def personal_data(text: str, names: Iterable[str] = ()) -> tuple[Span, ...]:
    """What of a text is personal, in order; ``names`` are known to be some. Placeholders stay what they are.

    Numbers of orders are among the spans, so that whoever wants can tell them apart.
    """
    folded = Folded(text)
    taken = [(found.start(), found.end()) for found in _PLACEHOLDER.finditer(text)]
    spans: list[Span] = []
    for found in (*(finder(folded) for finder in _FINDERS), _named(folded, names)):
        for span in sorted(found, key=lambda each: (each.start, -each.end)):
            if all(span.end <= start or end <= span.start for start, end in taken):
                taken.append((span.start, span.end))
                spans.append(span)
    return tuple(sorted(spans, key=lambda each: each.start))


def _named(text: Folded, names: Iterable[str]) -> Iterable[Span]:
    for name in names:
        edge = r"\b" if name.isascii() else ""
        for found in re.finditer(f"{edge}{re.escape(name)}{edge}", text.plain):
            yield Span("name", found.start(), found.end(), name.casefold())
