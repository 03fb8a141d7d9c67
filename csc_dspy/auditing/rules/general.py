"""Rules that follow from the structure of any taxonomy."""

from __future__ import annotations

from typing import Final

from csc_dspy.auditing.rules._base import Place, Rule
from csc_dspy.conversations import next_stage
from csc_dspy.taxonomy import Localized

STAGE_APART: Final = "stage_apart"
"""The one rule that speaks against both labels of a turn."""

# Whatever comes in the first fifth of a talk does not end it.
_BEGINNING: Final = 0.2
_FEWEST_TURNS: Final = 6


def stage_apart(place: Place) -> bool:
    """The stage that is given is not the one that the strategy leads to, nor its home."""
    given, home = place.turn.stage, place.strategy.stage
    if given is None or home is None:
        return False
    return given not in {home, next_stage(place.running, place.strategy, place.taxonomy)}


def falls_back(place: Place) -> bool:
    """The strategy belongs to a stage that is long over."""
    home = place.strategy.stage
    return home is not None and place.running.number - home.number > place.taxonomy.fall_back


def ahead(place: Place) -> bool:
    """The strategy belongs to the last stage, and the talk has hardly begun."""
    turns = len(place.earlier) + 1 + len(place.later)
    last = place.taxonomy.stages[-1]
    early = turns >= _FEWEST_TURNS and len(place.earlier) < turns * _BEGINNING
    return early and len(place.taxonomy.stages) > 1 and place.strategy.stage == last


GENERAL: Final = (
    Rule(
        STAGE_APART,
        1.5,
        Localized(en="strategy and stage do not go together", zh="策略与所标的阶段不相符"),
        stage_apart,
    ),
    Rule(
        "falls_back",
        0.7,
        Localized(en="the stage of this strategy is long over", zh="这个策略所属的阶段早已过去"),
        falls_back,
    ),
    Rule(
        "ahead",
        3.0,
        Localized(en="this strategy ends talks, and this one has just begun", zh="对话才开始就用收尾的策略"),
        ahead,
    ),
)
