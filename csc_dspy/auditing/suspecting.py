"""From the figures of rows to suspects that people can read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.auditing.explaining import of_classifier, of_near_duplicates, sentence
from csc_dspy.auditing.rules import STAGE_APART
from csc_dspy.auditing.suspects import Aspect, Doubt, Evidence, Suspect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.auditing.gathering import Gathered
    from csc_dspy.auditing.judging import Judged
    from csc_dspy.conversations import Conversation
    from csc_dspy.taxonomy import Language, Stage, Strategy

_PROPOSED: Final = 3
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Suspecting:
    """Makes suspects of the rows of an audit; ``conversations`` are those that they are in, by name."""

    gathered: Gathered
    judged: Judged
    conversations: Mapping[str, Conversation]

    def suspects(self, rows: Iterable[int]) -> Iterator[Suspect]:
        """A suspect of each row, in this order."""
        for rank, row in enumerate(rows, 1):
            yield self._suspect(rank, row)

    def _suspect(self, rank: int, row: int) -> Suspect:
        name, turn = self.gathered.names[self.gathered.dialogues[row]], self.gathered.turns[row]
        conversation = self.conversations[name]
        language = conversation.spoken_language
        strategy, stage = self._strategy(row), self._stage(row)
        worse = stage if stage and stage.score > strategy.score else strategy
        about: Aspect = "strategy" if worse is strategy else "stage"
        evidence = [*self._evidence(row, strategy, stage, language)]
        own = [each for each in evidence if each.about == about] or evidence
        return Suspect(
            rank=rank,
            score=worse.score,
            dialogue=name,
            turn=turn,
            language=language,
            text=conversation.dialogue[turn].text,
            strategy=strategy,
            stage=stage,
            evidence=tuple(evidence),
            why=sentence(worse, own, self.gathered.taxonomy, language),
        )

    def _strategy(self, row: int) -> Doubt:
        members = self.gathered.taxonomy.strategies
        shares, score = self.judged.strategies[row], self.judged.strategy_scores[row]
        return _doubt(members[self.gathered.strategies[row]], members, shares, score)

    def _stage(self, row: int) -> Doubt | None:
        if self.judged.stages is None or self.gathered.stages[row] < 0:
            return None
        members = self.gathered.taxonomy.stages
        shares, score = self.judged.stages[row], self.judged.stage_scores[row]
        return _doubt(members[self.gathered.stages[row]], members, shares, score)

    def _evidence(
        self, row: int, strategy: Doubt, stage: Doubt | None, language: Language
    ) -> Iterator[Evidence]:
        broken = self.gathered.broken.get(row, ())
        aspects: tuple[tuple[Aspect, Doubt | None], ...] = (("strategy", strategy), ("stage", stage))
        for aspect, doubt in aspects:
            # Where it is the only evidence it is told even if it speaks for the label.
            if doubt and (doubt.is_outdone or (aspect == "strategy" and not broken)):
                weight = _rounded(_log_odds(doubt.probabilities[doubt.given]))
                yield Evidence("classifier", aspect, weight, of_classifier(doubt, language))
        for rule in broken:
            yield Evidence("rule", "strategy", rule.weight, rule.says[language], rule.id)
            if rule.id == STAGE_APART and stage:
                yield Evidence("rule", "stage", rule.weight, rule.says[language], rule.id)
        near = self.judged.near.get(row)
        if near and near.others:
            label = self.gathered.taxonomy.strategies[near.label]
            says = of_near_duplicates(near.others, near.turns, label, language)
            yield Evidence("near_duplicate", "strategy", _rounded(near.weight), says)


def _doubt(
    given: Strategy | Stage,
    members: Sequence[Strategy] | Sequence[Stage],
    shares: NDArray[np.float32],
    score: np.float32,
) -> Doubt:
    """The doubt about a given label, with the most likely ones and the given one itself."""
    likely: dict[Strategy | Stage, float] = {
        members[place]: _rounded(share) for place, share in enumerate(shares.tolist())
    }
    ranked = sorted(likely, key=lambda member: -likely[member])
    shown = {member: likely[member] for member in dict.fromkeys((*ranked[:_PROPOSED], given))}
    return Doubt(given, _rounded(1 / (1 + math.exp(-float(score)))), shown)


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-4), 1 - 1e-4)
    return math.log((1 - share) / share)


def _rounded(value: float) -> float:
    return round(value, _DIGITS)
