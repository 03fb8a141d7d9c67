"""How often strategies and stages occur, and whether given stages are those that can be derived."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from csc_dspy.conversations import next_stage
from csc_dspy.data.statistics.shares import by_member
from csc_dspy.data.statistics.sketch import Sketch
from csc_dspy.taxonomy import Taxonomy

PARTS: Final = 5


@dataclass(frozen=True, slots=True)
class Labels:
    """Counts over the supporter's turns, by id; every strategy and stage of the taxonomy is there.

    ``positions`` splits each strategy's count over the fifths of the dialogue. The stage of a turn is the
    given one or, where it has only a strategy, the derived one; a turn with neither is ``stages_unknown``.
    Turns with both are ``stages_compared``; those ``stages_agreeing`` are given the stage to which the
    strategies alone lead.
    """

    taxonomy: Taxonomy
    strategies: dict[str, int]
    positions: dict[str, tuple[int, ...]]
    unlabelled: int
    stages: dict[str, int]
    stages_given: int
    stages_derived: int
    stages_unknown: int
    stages_compared: int
    stages_agreeing: int

    @property
    def stage_agreement(self) -> float | None:
        """The share of comparable turns whose given stage is the derived one; None if no turn has both."""
        return self.stages_agreeing / self.stages_compared if self.stages_compared else None

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "strategies": by_member(self.taxonomy.strategies, self.strategies),
            "strategies_by_fifth": {id_: list(counts) for id_, counts in self.positions.items()},
            "stages": by_member(self.taxonomy.stages, self.stages),
            "stage_labels": {
                "given": self.stages_given,
                "derived": self.stages_derived,
                "unknown": self.stages_unknown,
                "compared": self.stages_compared,
                "agreeing": self.stages_agreeing,
                "agreement": self.stage_agreement,
            },
        }


class LabelCount:
    """Counts strategies and stages."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        # next[running][strategy], by number, of `next_stage`: asked for every supporter turn.
        self._next = {
            stage.number: {0: stage.number}
            | {each.number: next_stage(stage, each, taxonomy).number for each in taxonomy.strategies}
            for stage in taxonomy.stages
        }
        self._strategies: Counter[tuple[int, int]] = Counter()
        self._stages: Counter[int] = Counter()
        self._given = self._compared = self._agreeing = 0

    def add(self, sketch: Sketch) -> None:
        """Count one conversation."""
        fifths = [PARTS * position // sketch.turns for position in sketch.positions]
        self._strategies.update(zip(sketch.strategies, fifths, strict=True))
        self._stages.update(self._stages_of(sketch) if any(sketch.stages) else self._derived(sketch))

    def _derived(self, sketch: Sketch) -> list[int]:
        stages, running = [], 1
        for strategy in sketch.strategies:
            running = self._next[running][strategy]
            stages.append(running if strategy else 0)
        return stages

    def _stages_of(self, sketch: Sketch) -> list[int]:
        stages, running = [], 1
        for strategy, given, derived in zip(
            sketch.strategies, sketch.stages, self._derived(sketch), strict=True
        ):
            running = given or self._next[running][strategy]
            stages.append(running if given or strategy else 0)
            if given:
                self._given += 1
                self._compared += strategy > 0
                self._agreeing += given == derived
        return stages

    def result(self) -> Labels:
        """All counts."""
        positions = {
            each.id: tuple(self._strategies[each.number, fifth] for fifth in range(PARTS))
            for each in self._taxonomy.strategies
        }
        stages = {stage.id: self._stages[stage.number] for stage in self._taxonomy.stages}
        return Labels(
            taxonomy=self._taxonomy,
            strategies={id_: sum(counts) for id_, counts in positions.items()},
            positions=positions,
            unlabelled=sum(self._strategies[0, fifth] for fifth in range(PARTS)),
            stages=stages,
            stages_given=self._given,
            stages_derived=sum(stages.values()) - self._given,
            stages_unknown=self._stages[0],
            stages_compared=self._compared,
            stages_agreeing=self._agreeing,
        )
