"""The transition prior: what the strategies so far tell of the next one, and how much to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from csc_dspy.exceptions import ConfigError
from csc_dspy.programs import Fusion, create

from ..evidence import Table, evidence, fitted_prior, fusions, table
from .dspy_calls import asking

if TYPE_CHECKING:
    from csc_dspy.programs import Program, TransitionPrior

    from .._base import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Fits the transition prior on the training dialogues, and how much it counts on held-out ones.

    The weight is that by which most turns come out right: those of dev and, where asking is free, those of
    training dialogues that neither the prior nor the demonstrations know. Where the language model's
    probabilities are not measured, the prompt shows the prior as a hint, if that scores higher.
    """

    name: ClassVar[str] = "prior"

    weights: tuple[float, ...] = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
    """What the prior may count; the least of those that are equally good is taken."""

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights) < 0:
            raise ConfigError("weights are numbers from 0 upwards", where=self.name, remedy="give some")

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """The program as it was and the result on dev, and one pass over everything."""
        return asking(program) * (3 * dev + train)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """The program with the prior, if it helps."""
        bench.trials.score(program, "as it was")
        prior = fitted_prior(program, bench.train)
        weights = self._weights(program, bench) if fusions(program) else None
        if weights is None:
            return _hinting(program, prior, bench)
        if not any(weights.values()):
            return program
        found: Program = program.deepcopy()
        for name, fusion in fusions(found):
            if weights[name]:
                fusion.prior, fusion.weight = prior, weights[name]
        told = ", ".join(f"{weight:g}" for weight in weights.values())
        return bench.trials.keep(found, f"transition prior, weight {told}")

    def _weights(self, program: Program, bench: Bench) -> dict[str, float] | None:
        """The best weight of each fusion; None where nothing is measured."""
        opinions = evidence(program, bench)
        macro = bench.objective.name == "macro-f1"
        found = {
            name: self._best(known, fusion, macro=macro)
            for name, fusion in fusions(program)
            if fusion.of and (known := table(opinions, fusion.of)) is not None
        }
        return found if len(found) == len(fusions(program)) else None

    def _best(self, known: Table, fusion: Fusion, *, macro: bool) -> float:
        biases = [fusion.biases.get(label, 0.0) for label in known.labels]
        values = {
            weight: known.value(known.measured + weight * known.expected + biases, macro=macro)
            for weight in sorted(self.weights)
        }
        return max(values, key=lambda weight: values[weight])


def _hinting(program: Program, prior: TransitionPrior, bench: Bench) -> Program:
    """The program with the prior in its prompts, if that scores higher."""
    shown = replace(program.options.shown, hint=True)
    found = create(program.name, replace(program.options, shown=shown))
    holders = _shows_hint(found)
    if not holders:
        return program
    _take_over(program, found)
    for fusion in holders:
        fusion.prior, fusion.weight = prior, 0.0
    before = bench.trials.score(program, "as it was")
    return found if bench.trials.score(found, "transition prior as a hint") > before else program


def _shows_hint(program: Program) -> Sequence[Fusion]:
    """What the hints come from, where a predictor is shown them."""
    shown = any("hint" in each.signature.input_fields for each in program.predictors())
    parameters = [each for _, each in program.named_parameters()]
    return [each for each in parameters if isinstance(each, Fusion) and each.of != "stage"] if shown else []


def _take_over(program: Program, found: Program) -> None:
    """Instructions and demonstrations, which fit however much the prompts show."""
    by_name = dict(program.named_predictors())
    for name, predictor in found.named_predictors():
        predictor.demos = list(by_name[name].demos)
        predictor.signature = predictor.signature.with_instructions(by_name[name].signature.instructions)
    found.pool = program.pool
