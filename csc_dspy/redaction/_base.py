"""What finds personal data, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from csc_dspy.redaction.folding import Folded
from csc_dspy.taxonomy import Localized

Kind = Literal["phone", "identity", "card", "email", "url", "address", "name", "order"]

PLACEHOLDERS: Final[dict[Kind, Localized]] = {
    "phone": Localized(en="PHONE", zh="电话"),
    "identity": Localized(en="ID", zh="证件号"),
    "card": Localized(en="CARD", zh="卡号"),
    "email": Localized(en="EMAIL", zh="邮箱"),
    "url": Localized(en="URL", zh="链接"),
    "address": Localized(en="ADDRESS", zh="地址"),
    "name": Localized(en="NAME", zh="姓名"),
    "order": Localized(en="ORDER", zh="订单号"),
}
"""What stands in place of each kind, followed by a number."""

NUMBERS: Final[tuple[Kind, ...]] = ("phone", "identity", "card")
"""The kinds that are numbers of people."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text that holds personal data."""

    kind: Kind
    start: int
    end: int
    value: str
    """What it says, however it is spelled: digits without what separates them, letters in lower case."""


Finder = Callable[[Folded], Iterator[Span]]
"""Finds personal data of one sort: spans in any order, which may overlap with those of other finders."""
