"""What a sweep has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csc_dspy.evaluation import Score
    from csc_dspy.programs import Program

    from ..judging import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalist:
    """One of the best trials, scored again on all of dev."""

    number: int
    parameters: Mapping[str, Any]
    note: str
    scores: Mapping[str, Score]
    """Every objective by name, with its 95 % confidence interval."""
    artifact: Path | None = None
    """Where its compiled program is; only the winner and each point of the Pareto front have one."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "trial": self.number,
            "parameters": dict(self.parameters),
            "note": self.note,
            "scores": {name: asdict(score) for name, score in self.scores.items()},
            "artifact": None if self.artifact is None else str(self.artifact),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """The winner, what it is better than, and what the search took."""

    best: Finalist
    """The winner; of several objectives, the knee of the Pareto front."""
    baseline: Finalist
    """The uncompiled program."""
    finalists: tuple[Finalist, ...]
    """All trials that were scored again, the best first."""
    front: tuple[int, ...]
    """The numbers of the finalists that nothing is better than."""
    objectives: tuple[str, ...]
    difference: Score
    """Of the winner to the baseline in the first objective."""
    significant: Verdict
    statement: str
    """The same in a plain sentence."""
    p: float | None
    """Of the paired permutation test of the accuracy of strategies, where that is an objective."""
    importance: Mapping[str, float]
    """How much each parameter matters to the first objective; the shares add up to 1."""
    test: Mapping[str, Mapping[str, Score]] | None
    """Scores of ``winner`` and ``baseline`` on the test split, where that was asked for."""
    trials: int
    complete: int
    pruned: int
    failed: int
    evaluated_turns: int
    saved_turns: int
    calls: int
    tokens: int
    usd: float | None
    seconds: float
    """The time of all trials and of scoring the best again, added up over workers."""
    partial: bool
    """Whether a limit was reached before all trials were done."""
    program: Program

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the program."""
        test = {
            side: {name: asdict(score) for name, score in scores.items()}
            for side, scores in (self.test or {}).items()
        }
        return {
            "best": self.best.to_dict(),
            "baseline": self.baseline.to_dict(),
            "finalists": [each.to_dict() for each in self.finalists],
            "front": list(self.front),
            "objectives": list(self.objectives),
            "difference": asdict(self.difference),
            "significant": self.significant,
            "statement": self.statement,
            "p": self.p,
            "importance": dict(self.importance),
            "test": test or None,
            "trials": self.trials,
            "complete": self.complete,
            "pruned": self.pruned,
            "failed": self.failed,
            "evaluated_turns": self.evaluated_turns,
            "saved_turns": self.saved_turns,
            "calls": self.calls,
            "tokens": self.tokens,
            "usd": self.usd,
            "seconds": self.seconds,
            "partial": self.partial,
            "artifact": None if self.best.artifact is None else str(self.best.artifact),
        }
