"""How far a judge can be trusted: against itself, asked again, or against people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from csc_dspy.evaluation.agreement import Agreement, agreement
from csc_dspy.evaluation.judging.labels import Labels
from csc_dspy.exceptions import DataError


@dataclass(frozen=True, slots=True)
class JudgeAgreement:
    """Two sets of verdicts on the same conversations, compared by criterion."""

    criteria: dict[str, Agreement]
    overall: Agreement | None
    """Of the verdicts whether everything holds, where both sides judged every criterion."""
    unmatched: tuple[str, ...]
    """The dialogues that only one side judged; they count nowhere."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "criteria": {name: each.to_dict() for name, each in self.criteria.items()},
            "overall": self.overall and self.overall.to_dict(),
            "unmatched": list(self.unmatched),
        }


def judge_agreement(first: Labels, second: Labels, *, resamples: int = 1000, seed: int = 0) -> JudgeAgreement:
    """Compare two sets of verdicts; DataError if they share nothing."""
    shared = [name for name in first if name in second]
    if not shared:
        raise DataError("the two sets of verdicts share no dialogue", remedy="judge the same conversations")
    criteria = _criteria(first, second, shared)
    by_criterion = {
        name: agreement(
            [(first[each].get(name), second[each].get(name)) for each in shared],
            resamples=resamples,
            seed=seed,
        )
        for name in criteria
    }
    whole = [each for each in shared if len(first[each]) == len(second[each]) == len(criteria)]
    pairs = [(all(first[each].values()), all(second[each].values())) for each in whole]
    overall = agreement(pairs, resamples=resamples, seed=seed) if pairs else None
    return JudgeAgreement(by_criterion, overall, tuple(sorted(first.keys() ^ second.keys())))


def _criteria(first: Labels, second: Labels, shared: list[str]) -> list[str]:
    """The criteria that both sides judged somewhere, in the order of the first."""
    known = {name for each in shared for name in second[each]}
    return list(dict.fromkeys(name for each in shared for name in first[each] if name in known))
