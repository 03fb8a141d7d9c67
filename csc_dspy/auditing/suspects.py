"""Labels that may be wrong, with what speaks against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from csc_dspy.taxonomy import Language, Stage, Strategy

Kind = Literal["classifier", "rule", "near_duplicate"]
Aspect = Literal["strategy", "stage"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks against a label. ``weight`` is what it adds to the log odds that it is wrong."""

    kind: Kind
    about: Aspect
    weight: float
    says: str
    rule: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        named = {} if self.rule is None else {"rule": self.rule}
        return {"kind": self.kind, "about": self.about, **named, "weight": self.weight, "says": self.says}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A given label, how doubtful it is from 0 to 1, and which labels are the most likely."""

    given: Strategy | Stage
    score: float
    probabilities: Mapping[Strategy | Stage, float]
    """The most likely labels, the likeliest first."""

    @property
    def likely(self) -> Strategy | Stage:
        """The most likely label that is not the given one."""
        return self.others()[0][0]

    @property
    def is_outdone(self) -> bool:
        """Whether another label is more likely than the given one."""
        return self.probabilities[self.likely] > self.probabilities[self.given]

    def others(self) -> list[tuple[Strategy | Stage, float]]:
        """The most likely labels that are not the given one."""
        return [(label, share) for label, share in self.probabilities.items() if label != self.given]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "given": self.given.id,
            "likely": self.likely.id,
            "score": self.score,
            "probabilities": {label.id: share for label, share in self.probabilities.items()},
        }


@dataclass(frozen=True, slots=True)
class Suspect:
    """A turn whose labels are in doubt."""

    rank: int
    score: float
    """From 0 to 1: the greater one of those of its labels."""
    dialogue: str
    turn: int
    """The place in the dialogue, from 0, as in files of predictions."""
    language: Language
    text: str
    strategy: Doubt
    stage: Doubt | None
    """None where no stage is given."""
    evidence: tuple[Evidence, ...]
    why: str
    """All of it in one sentence."""

    @property
    def doubtful(self) -> Aspect:
        """Which of the labels is more in doubt."""
        return "stage" if self.stage and self.stage.score > self.strategy.score else "strategy"

    @property
    def doubt(self) -> Doubt:
        """The doubt about the label that is more in doubt."""
        return self.stage if self.stage and self.doubtful == "stage" else self.strategy

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "rank": self.rank,
            "score": self.score,
            "dialogue": self.dialogue,
            "turn": self.turn,
            "language": self.language,
            "text": self.text,
            "doubtful": self.doubtful,
            "strategy": self.strategy.to_dict(),
            "stage": self.stage.to_dict() if self.stage else None,
            "evidence": [each.to_dict() for each in self.evidence],
            "why": self.why,
        }
