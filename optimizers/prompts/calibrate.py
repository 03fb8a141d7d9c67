"""A weight for each label, where the language model favours some labels over others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from csc_dspy.exceptions import ConfigError

from ..evidence import FOLDS, Table, evidence, fusions, parted, table
from .dspy_calls import asking

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.programs import Fusion, Program

    from .._base import Bench

    Array = NDArray[np.float64]

_SHUFFLES: Final = 4
_ROUNDS: Final = 60
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrate:
    """Adds a bias to the log odds of each label, fitted on one pass of measured probabilities.

    The biases are kept only if they do better on dialogues that they were not fitted on. Without measured
    probabilities nothing changes.
    """

    name: ClassVar[str] = "calibrate"

    penalty: float = 20.0
    """How many turns' worth of doubt there is about every bias."""

    def __post_init__(self) -> None:
        if not self.penalty > 0:
            raise ConfigError(f"penalty is {self.penalty}", where=self.name, remedy="give more than 0")

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The program as it was and the result on dev, and one pass over everything."""
        return asking(program) * (3 * dev + train)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with biases, if they help."""
        bench.trials.score(program, "as it was")
        if not fusions(program):
            return program
        opinions = evidence(program, bench)
        found: Program = program.deepcopy()
        kept = 0
        for _, fusion in fusions(found):
            known = table(opinions, fusion.of) if fusion.of else None
            biases = known and self._fitted(known, fusion, macro=bench.objective.name == "macro-f1")
            if biases:
                fusion.biases = biases
                kept += 1
        return bench.trials.keep(found, "weights of labels") if kept else program

    def _fitted(self, known: Table, fusion: Fusion, *, macro: bool) -> dict[str, float] | None:
        """The biases by label; None if they do not help on held-out dialogues."""
        scores = known.measured + (fusion.weight if fusion.prior else 0.0) * known.expected
        before = scores + [fusion.biases.get(label, 0.0) for label in known.labels]
        held_out = [self._held_out(known, scores, seed, macro=macro) for seed in range(_SHUFFLES)]
        if sum(held_out) / _SHUFFLES <= known.value(before, macro=macro):
            return None
        fitted = _biases(scores, known.gold, _counting(known, macro=macro), self.penalty)
        return {label: round(float(bias), _DIGITS) for label, bias in zip(known.labels, fitted, strict=True)}

    def _held_out(self, known: Table, scores: Array, seed: int, *, macro: bool) -> float:
        """The value when each dialogue is decided by biases that were fitted on others."""
        fold = parted(known.dialogues, seed)
        weight = _counting(known, macro=macro)
        adjusted = scores.copy()
        for number in range(FOLDS):
            inside = fold == number
            if inside.any() and not inside.all():
                fitted = _biases(scores[~inside], known.gold[~inside], weight[~inside], self.penalty)
                adjusted[inside] += fitted
        return known.value(adjusted, macro=macro)


def _counting(known: Table, *, macro: bool) -> Array:
    """How much each turn counts in the fit, one on average; with ``macro`` all labels count alike."""
    import numpy as np

    weight = known.weight
    if macro:
        weight = weight / np.bincount(known.gold, weight, len(known.labels))[known.gold]
    counting: Array = weight * len(weight) / weight.sum()
    return counting


def _biases(scores: Array, gold: NDArray[np.int64], weight: Array, penalty: float) -> Array:
    """The biases of greatest penalised likelihood, by Newton's steps along each of them."""
    import numpy as np

    wanted = np.bincount(gold, weight, scores.shape[1])
    biases: Array = np.zeros(scores.shape[1])
    for _ in range(_ROUNDS):
        raised = scores + biases
        odds = np.exp(raised - raised.max(axis=1, keepdims=True))
        shares = odds / odds.sum(axis=1, keepdims=True)
        slope = weight @ shares - wanted + penalty * biases
        curve = weight @ (shares * (1 - shares)) + penalty
        # Half a step, because all biases move at once.
        biases -= 0.5 * slope / curve
    return biases - biases.mean()
