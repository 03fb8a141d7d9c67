"""Which strategies may come next: the rules of the paper, enforced.

What is known of a strategy is its home stage, so the rules hold for any taxonomy. Three strategies have a
part of their own, and are known by their ids wherever a taxonomy has them: `Parts` alone says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from csc_dspy.conversations import Turn, next_stage
from csc_dspy.exceptions import ConfigError
from csc_dspy.taxonomy import Localized, Stage, Strategy, Taxonomy

_MOST_RUNNING: Final = 2
# Of a thousand supporter turns in the samples two pass over more than one stage.
_LONGEST_STEP: Final = 2

_ONLY_OPENING: Final = Localized(en="the first turn opens the talk", zh="第一轮只能用来开场")
_OPENED: Final = Localized(en="the talk has been opened already", zh="对话已经开场了")
_RUNNING: Final = Localized(en="it was followed in the last two turns already", zh="前面两轮连续用的就是它")
_IDENTITY: Final = Localized(
    en="the customer's identity has not been verified yet", zh="还没有核实客户的身份"
)
_TOO_FAR: Final = Localized(en="it passes over more than one stage", zh="它一下跳过了不止一个阶段")
_TOO_LATE: Final = Localized(
    en="it would take the talk back to a stage that is long done", zh="它会把对话拉回早已结束的阶段"
)
_TOO_EARLY: Final = Localized(en="it is too early to take leave", zh="现在道别还太早")
_CLOSING_TIME: Final = Localized(en="the talk is to be closed now", zh="现在应当结束对话")


@dataclass(frozen=True)
class Parts:
    """The strategies of a taxonomy that have a part of their own in every talk."""

    opening: Strategy | None
    """Comes first, and only there."""
    identity: Strategy | None
    """Comes before anything beyond the next stage."""
    closing: Strategy | None
    """Comes last, and only there."""

    @classmethod
    def of(cls, taxonomy: Taxonomy) -> Parts:
        """Those that the taxonomy has."""
        members = {each.id: each for each in taxonomy.strategies}
        return cls(
            opening=members.get("greeting"),
            identity=members.get("identity_verification"),
            closing=members.get("appreciation_closure"),
        )


@dataclass(frozen=True)
class Position:
    """Where a talk stands when the supporter speaks next."""

    turns: Sequence[Turn] = ()
    closing_time: bool = False
    """Whether this is the supporter's last turn."""
    reopened: bool = False
    """Whether the customer has come up with something new."""

    @cached_property
    def strategies(self) -> tuple[Strategy, ...]:
        """Those of the supporter so far."""
        return tuple(turn.strategy for turn in self.turns if turn.strategy is not None)

    def stage(self, taxonomy: Taxonomy) -> Stage:
        """The stage of the supporter's last turn; before it the first one."""
        stages = (turn.stage for turn in reversed(self.turns) if turn.stage is not None)
        return next(stages, taxonomy.stages[0])


@dataclass(frozen=True)
class Rules:
    """What a supporter may do next, and why not the rest."""

    taxonomy: Taxonomy
    fewest_turns: int = 10
    """Utterances before the supporter may take leave, unless the customer does."""
    most_turns: int = 50
    """Utterances in all; the supporter's last one closes."""

    def __post_init__(self) -> None:
        if not 1 <= self.fewest_turns <= self.most_turns:
            raise ConfigError(
                f"at least {self.fewest_turns} and at most {self.most_turns} utterances leave no room",
                where="--max-turns",
                remedy="allow as many as are needed, or need fewer",
            )

    @cached_property
    def parts(self) -> Parts:
        """The strategies with a part of their own."""
        return Parts.of(self.taxonomy)

    def allowed(self, position: Position) -> tuple[Strategy, ...]:
        """The strategies that may come next, in order; there is always one."""
        strategies = self.taxonomy.strategies
        return tuple(each for each in strategies if self.objection(each, position) is None) or strategies

    def objection(self, strategy: Strategy, position: Position) -> Localized | None:
        """Why a strategy may not come next; None if it may."""
        if position.closing_time:
            return None if self._closes(strategy) else _CLOSING_TIME
        if not position.strategies:
            return None if self._opens(strategy) else _ONLY_OPENING
        rules = (
            self._opened,
            self._running,
            self._identity_first,
            self._forward,
            self._back,
            self._not_yet_over,
        )
        objections = (rule(strategy, position) for rule in rules)
        return next((each for each in objections if each is not None), None)

    def nearest(self, strategy: Strategy, allowed: Sequence[Strategy], position: Position) -> Strategy:
        """The one of those allowed that is most like ``strategy``: near by stage, then by number.

        What has to wait for the customer's identity gives way to asking for that. Nobody takes leave by it.
        """
        identity = self.parts.identity
        if identity is not None and identity in allowed and self._identity_first(strategy, position):
            return identity
        running = position.stage(self.taxonomy).number

        def distance(each: Strategy) -> tuple[int, int]:
            return abs(_home(each, running) - _home(strategy, running)), abs(each.number - strategy.number)

        return min([each for each in allowed if each != self.parts.closing] or allowed, key=distance)

    def stage_of(self, strategy: Strategy, position: Position) -> Stage:
        """The stage of a turn that follows ``strategy``."""
        return next_stage(position.stage(self.taxonomy), strategy, self.taxonomy)

    def is_last(self, count: int) -> bool:
        """Whether a supporter turn after so many utterances is the last that the length allows."""
        return count + 3 > self.most_turns

    def _opens(self, strategy: Strategy) -> bool:
        if self.parts.opening is not None:
            return strategy == self.parts.opening
        return strategy.stage in {None, self.taxonomy.stages[0]}

    def _closes(self, strategy: Strategy) -> bool:
        if self.parts.closing is not None:
            return strategy == self.parts.closing
        return strategy.stage in {None, self.taxonomy.stages[-1]}

    def _opened(self, strategy: Strategy, _: Position) -> Localized | None:
        return _OPENED if strategy == self.parts.opening else None

    def _running(self, strategy: Strategy, position: Position) -> Localized | None:
        return _RUNNING if position.strategies[-_MOST_RUNNING:] == (strategy,) * _MOST_RUNNING else None

    def _identity_first(self, strategy: Strategy, position: Position) -> Localized | None:
        identity = self.parts.identity
        if identity is None or identity in position.strategies or identity.stage is None:
            return None
        return _IDENTITY if _home(strategy, 0) > identity.stage.number + 1 else None

    def _forward(self, strategy: Strategy, position: Position) -> Localized | None:
        running = position.stage(self.taxonomy).number
        return _TOO_FAR if _home(strategy, running) > running + _LONGEST_STEP else None

    def _back(self, strategy: Strategy, position: Position) -> Localized | None:
        """What does not reopen its stage leaves the talk where it stands, and may come late."""
        running = position.stage(self.taxonomy).number
        too_late = strategy.reopens and running - _home(strategy, running) > self.taxonomy.fall_back
        return _TOO_LATE if too_late and not position.reopened else None

    def _not_yet_over(self, strategy: Strategy, position: Position) -> Localized | None:
        early = len(position.turns) + 1 < self.fewest_turns
        return _TOO_EARLY if early and strategy == self.parts.closing else None


def _home(strategy: Strategy, otherwise: int) -> int:
    """The number of a strategy's home stage; one that is at home anywhere is where the talk is."""
    return strategy.stage.number if strategy.stage is not None else otherwise
