"""The stage of each turn: as given, or derived from the strategies.

A strategy takes the conversation forward to its home stage and never drags it back: a late identity check,
late comfort (a misplaced Emotional Management), or advice while the solution is carried out belongs to the
stage that is running. So does a strategy without a home (Others) and a turn without a label. The exception
is a strategy that reopens its stage (Problem Refinement: a new question starts identification again), and
even that goes back no further than the taxonomy's ``fall_back`` allows; beyond, the running stage stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from csc_dspy.taxonomy import Stage, Strategy, Taxonomy

if TYPE_CHECKING:
    from csc_dspy.conversations.model import Turn


def next_stage(running: Stage, strategy: Strategy | None, taxonomy: Taxonomy) -> Stage:
    """The stage of a supporter turn that follows ``strategy`` while ``running`` is the stage so far."""
    home = strategy.stage if strategy else None
    if strategy is None or home is None:
        return running
    if home.number >= running.number:
        return home
    reopens = strategy.reopens and running.number - home.number <= taxonomy.fall_back
    return home if reopens else running


def derive_stages(turns: Iterable[Turn], taxonomy: Taxonomy) -> tuple[Stage, ...]:
    """The stage of every turn. A given stage wins; a customer's turn stands where the talk stands."""
    running = taxonomy.stages[0]
    stages: list[Stage] = []
    for turn in turns:
        if turn.speaker == "supporter":
            running = turn.stage or next_stage(running, turn.strategy, taxonomy)
        stages.append(running)
    return tuple(stages)
