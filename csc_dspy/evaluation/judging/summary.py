"""What a judging comes to: how many conversations meet each criterion, and all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from csc_dspy.evaluation.agreement import Estimate, bootstrap
from csc_dspy.evaluation.judging.many import Judged

if TYPE_CHECKING:
    from csc_dspy.evaluation.agreement import Array


@dataclass(frozen=True, slots=True)
class Summary:
    """Shares of the judged conversations in percent, with intervals over conversations."""

    dialogues: int
    failures: int
    passed: Estimate
    """How many meet at least ``threshold`` criteria."""
    criteria: dict[str, Estimate]
    """How many meet each criterion."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def summarise(
    results: Iterable[Judged], *, threshold: int | None = None, resamples: int = 1000, seed: int = 0
) -> Summary:
    """Sum up a judging. Without a ``threshold`` a conversation passes by all criteria."""
    every = list(results)
    judgements = [each.judgement for each in every if each.judgement]

    def share(verdicts: list[bool]) -> Estimate:
        return _share(verdicts, resamples=resamples, seed=seed)

    criteria = judgements[0].met() if judgements else {}
    return Summary(
        dialogues=len(every),
        failures=len(every) - len(judgements),
        passed=share([each.passed(threshold) for each in judgements]),
        criteria={name: share([each.met()[name] for each in judgements]) for name in criteria},
    )


def _share(verdicts: list[bool], *, resamples: int, seed: int) -> Estimate:
    import numpy as np

    if not verdicts:
        return Estimate(None)
    tallies = np.array([[verdict, 1] for verdict in verdicts], dtype=np.float64)
    return bootstrap(_percent, tallies, resamples=resamples, seed=seed)


def _percent(tallies: Array) -> Array:
    return 100 * tallies[..., 0] / tallies[..., 1]
