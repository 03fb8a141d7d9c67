"""Whether the strategies follow each other as the framework wants it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from csc_dspy.conversations import Turn
from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.quality._base import Checked
from csc_dspy.roleplay.rules import Parts
from csc_dspy.taxonomy import Stage, Strategy, Taxonomy

if TYPE_CHECKING:
    from csc_dspy.roleplay._base import Ending

_Numbered = Sequence[tuple[int, Turn]]
_EARLY: Final = 3
"""By which turn of the supporter a call has been opened; somebody may have to be asked to wait before."""
_AFTER_FAREWELL: Final = 4
"""With how many turns of the supporter, the farewell among them, a call may wind down."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a taxonomy asks of a dialogue, by the ids of strategies."""

    opening: frozenset[str]
    closing: frozenset[str]
    needed: frozenset[str]
    """Those that no call goes without."""

    @classmethod
    def of(cls, taxonomy: Taxonomy) -> Order:
        """The strategies that have a part in every talk; without them the first and the last stage."""
        parts = Parts.of(taxonomy)
        needed = frozenset(each.id for each in (parts.opening, parts.identity, parts.closing) if each)
        first, last = taxonomy.stages[0], taxonomy.stages[-1]
        return cls(_those(parts.opening, first, taxonomy), _those(parts.closing, last, taxonomy), needed)


def _those(known: Strategy | None, stage: Stage, taxonomy: Taxonomy) -> frozenset[str]:
    if known is not None:
        return frozenset({known.id})
    return frozenset(each.id for each in taxonomy.strategies if each.stage in (None, stage))


def labels(checked: Checked) -> Iterator[Flaw]:
    """Opening first, closing last, none too often running, all there that must be, no stage far back."""
    turns = [(index + 1, turn) for index, turn in checked.conversation.supporter_turns()]
    unlabelled = [number for number, turn in turns if turn.strategy is None]
    if unlabelled or not turns:
        yield Flaw("unlabelled", "has no strategy", next(iter(unlabelled), None))
        return
    taxonomy = checked.conversation.taxonomy
    order = Order.of(taxonomy)
    yield from _opening(turns, order)
    yield from _closing(turns, order, checked.ended)
    yield from _running(turns, checked.limits.running)
    yield from _missing(turns, order, checked.ended)
    yield from _stages(turns, taxonomy)


def _opening(turns: _Numbered, order: Order) -> Iterator[Flaw]:
    first = [_id(turn) for _, turn in turns[:_EARLY]]
    if not order.opening.intersection(first):
        yield Flaw("opening", f"begins with {', '.join(first)}", turns[0][0])


def _closing(turns: _Numbered, order: Order, ended: Ending | None) -> Iterator[Flaw]:
    """A customer who rings off, or a talk that grew too long, need not have been taken leave of."""
    number, last = turns[-1]
    if ended in (None, "closure") and _id(last) not in order.closing:
        yield Flaw("closing", f"ends with {_id(last)}", number)
    farewell = next((place for place, (_, turn) in enumerate(turns) if _id(turn) in order.closing), None)
    if order.needed and farewell is not None and len(turns) - farewell > _AFTER_FAREWELL:
        after = len(turns) - farewell - 1
        yield Flaw("closing", f"{after} more turns of the supporter after the farewell", turns[farewell][0])


def _running(turns: _Numbered, most: int) -> Iterator[Flaw]:
    for strategy, run in groupby(turns, lambda each: _id(each[1])):
        numbers = [number for number, _ in run]
        if len(numbers) > most:
            yield Flaw("running", f"{strategy} {len(numbers)} times running", numbers[most])


def _missing(turns: _Numbered, order: Order, ended: Ending | None) -> Iterator[Flaw]:
    cut_short = ended not in (None, "closure")
    needed = order.needed - order.closing if cut_short else order.needed
    for missing in sorted(needed - {_id(turn) for _, turn in turns}):
        yield Flaw("missing_strategy", f"never follows {missing}")


def _stages(turns: _Numbered, taxonomy: Taxonomy) -> Iterator[Flaw]:
    staged = [(number, turn.stage) for number, turn in turns if turn.stage]
    for (_, before), (number, now) in pairwise(staged):
        if before.number - now.number > taxonomy.fall_back:
            yield Flaw("stages", f"falls back from {before} to {now}", number)


def _id(turn: Turn) -> str:
    return turn.strategy.id if turn.strategy else ""
