"""What raters compare two responses by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from csc_dspy.taxonomy import Localized


@dataclass(frozen=True, slots=True)
class Aspect:
    """One question of a form: which of two responses is better by it."""

    id: str
    name: Localized
    question: Localized


ASPECTS: Final = (
    Aspect(
        "strategy",
        Localized(en="Strategy", zh="策略"),
        Localized(en="Which one does the right thing at this point?", zh="哪一个在此刻做了更该做的事？"),
    ),
    Aspect(
        "empathy",
        Localized(en="Empathy", zh="共情"),
        Localized(
            en="Which one takes the customer and their mood better?",
            zh="哪一个更体谅客户、更照顾客户的情绪？",
        ),
    ),
    Aspect(
        "overall",
        Localized(en="Overall", zh="总体"),
        Localized(
            en="Which one would you rather hear as the customer?", zh="如果您是客户，更愿意听到哪一个？"
        ),
    ),
)
"""The questions of a form, the general one last, when the rater has looked at the parts."""
