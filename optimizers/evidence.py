"""What a language model thinks of turns whose labels are known: one pass, from which much can be fitted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.concurrency import in_order
from csc_dspy.exceptions import CSCError
from csc_dspy.lm.failures import ends_a_run
from csc_dspy.lm.measuring import measuring
from csc_dspy.programs import Situation, TransitionPrior
from csc_dspy.programs.fusion import Decision, Fusion, stages_expected

from .demonstrating import fine_tuned, structured, taught

if TYPE_CHECKING:
    import dspy
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.programs import Program
    from csc_dspy.taxonomy import Stage, Strategy

    from ._base import Bench

    Array = NDArray[np.float64]

FOLDS: Final = 5
_LOOK: Final = 16
"""So many turns show whether probabilities are measured at all."""
_FLOOR: Final = 1e-6
_LEAST: Final = 0.5
"""Of the turns asked about, the least share with measured probabilities; less is an accident."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """How likely the language model found each label at one turn, by their ids."""

    example: dspy.Example
    measured: Mapping[str, Mapping[str, float]]
    prior: TransitionPrior
    """Fitted on other dialogues than the one that the turn is from."""
    held_out: bool
    """Whether the turn is one of training, and its dialogue was held out."""

    @property
    def dialogue(self) -> str:
        """Names the dialogue."""
        return _dialogue(self.example)

    @property
    def situation(self) -> Situation:
        """Where the conversation stands before the turn."""
        return Situation(self.example.history, "en")


@dataclass(frozen=True, slots=True)
class Table:
    """Opinions on one decision as numbers, a row for each turn and a column for each label."""

    labels: tuple[str, ...]
    measured: Array
    """Logarithms of the language model's probabilities."""
    expected: Array
    """Logarithms of those of the prior."""
    gold: NDArray[np.int64]
    earliest: NDArray[np.int64]
    """The first label that is allowed, by the rule about stages."""
    weight: Array
    """So that turns of dev and turns of training count alike on the whole."""
    dialogues: tuple[str, ...]

    def decided(self, scores: Array) -> NDArray[np.int64]:
        """The labels that scores decide for."""
        import numpy as np

        return np.maximum(scores.argmax(axis=1), self.earliest)

    def value(self, scores: Array, *, macro: bool) -> float:
        """The share of right labels, or with ``macro`` the mean F1 of labels; by weight."""
        import numpy as np

        decided = self.decided(scores)
        if not macro:
            return float(self.weight @ (decided == self.gold) / self.weight.sum())
        size = len(self.labels)
        hits = np.bincount(self.gold, self.weight * (decided == self.gold), size)
        both = np.bincount(self.gold, self.weight, size) + np.bincount(decided, self.weight, size)
        return float(np.mean(2 * hits[both > 0] / both[both > 0]))


def fusions(program: Program) -> list[tuple[str, Fusion]]:
    """What of a program joins opinions, and can overrule the language model; by name."""
    return [(name, each) for name, each in program.named_parameters() if isinstance(each, Fusion) and each.of]


def fitted_prior(program: Program, examples: Sequence[dspy.Example]) -> TransitionPrior:
    """The transition prior of the dialogues that examples are from."""
    steps = (
        ([turn.strategy for _, turn in each.history.supporter_turns()], each.strategy) for each in examples
    )
    return TransitionPrior.fit_steps(steps, program.options.taxonomy)


def evidence(program: Program, bench: Bench) -> list[Opinion]:
    """Opinions on all turns of dev and, where asking is free, on those of training.

    A dialogue of training is asked about without the demonstrations that come from it, and of a fine-tuned
    model another one that has not seen it.
    """
    import dspy

    prior = fitted_prior(program, bench.train)
    found = list(_asked(program, bench.dev[:_LOOK], prior, bench.concurrency))
    if not any(each.measured for each in found):
        return found
    found += _asked(program, bench.dev[_LOOK:], prior, bench.concurrency)
    if not structured():
        return found
    for fold, rest, lm in _parts(bench):
        if fold and rest:
            prior = fitted_prior(program, rest)
            with nullcontext() if lm is None else dspy.context(lm=lm):
                opinions = list(_asked(_without(program, fold, rest), fold, prior, bench.concurrency))
            found += [replace(each, held_out=True) for each in opinions]
    return found


def table(opinions: Sequence[Opinion], of: Decision) -> Table | None:
    """The opinions on one decision; None where too few are measured."""
    import numpy as np

    known = [each for each in opinions if of in each.measured]
    if not known or len(known) < _LEAST * len(opinions):
        return None
    taxonomy = known[0].example.history.taxonomy
    members: tuple[Stage, ...] | tuple[Strategy, ...] = (
        taxonomy.strategies if of == "strategy" else taxonomy.stages
    )
    labels = tuple(member.id for member in members)
    place = {id_: index for index, id_ in enumerate(labels)}
    held_out = np.array([each.held_out for each in known])
    return Table(
        labels,
        _logarithms([each.measured[of] for each in known], labels),
        _logarithms([_expected(each, of) for each in known], labels),
        np.array([place[each.example[of].id] for each in known]),
        np.array([_earliest(each) if of == "stage" else 0 for each in known]),
        np.where(held_out, 1 / max(held_out.sum(), 1), 1 / max((~held_out).sum(), 1)),
        tuple(each.dialogue for each in known),
    )


def parted(dialogues: Sequence[str], seed: int) -> NDArray[np.int64]:
    """A fold for each turn; the turns of a dialogue are in the same."""
    import numpy as np

    names = sorted(set(dialogues))
    Random(seed).shuffle(names)
    fold = {name: place % FOLDS for place, name in enumerate(names)}
    return np.array([fold[name] for name in dialogues])


def _asked(
    program: Program, examples: Sequence[dspy.Example], prior: TransitionPrior, concurrency: int
) -> Iterator[Opinion]:
    async def ask(example: dspy.Example) -> Opinion:
        with measuring() as measured:
            try:
                await program.adecide(**example.inputs())
            except CSCError as error:
                if ends_a_run(error):
                    raise
        return Opinion(example, _by_id(measured.probabilities, program), prior, held_out=False)

    yield from in_order(examples, ask, concurrency)


def _by_id(measured: Mapping[str, Mapping[str, float]], program: Program) -> dict[str, Mapping[str, float]]:
    taxonomy = program.options.taxonomy
    find: Mapping[str, Any] = {"strategy": taxonomy.strategy, "stage": taxonomy.stage}
    return {
        field: {find[field](name).id: value for name, value in measured[field].items()}
        for field in find
        if field in measured
    }


def _parts(bench: Bench) -> Iterator[tuple[list[dspy.Example], list[dspy.Example], dspy.LM | None]]:
    """Examples of some dialogues, those of the rest, and whom to ask about the former; None: as usual."""
    # A model that has learned the turns of training by heart is sure of them, and would be of nothing else.
    if fine_tuned():
        for each in bench.held_out():
            yield *_apart(bench.train, each.dialogues), each.lm
        return
    names = [_dialogue(each) for each in bench.train]
    fold = parted(names, bench.seed)
    for number in range(FOLDS):
        chosen = {name for name, place in zip(names, fold, strict=True) if place == number}
        yield *_apart(bench.train, chosen), None


def _apart(
    examples: Sequence[dspy.Example], dialogues: Collection[str]
) -> tuple[list[dspy.Example], list[dspy.Example]]:
    """The examples of some of the dialogues, and those of the rest."""
    inside = [each for each in examples if _dialogue(each) in dialogues]
    return inside, [each for each in examples if _dialogue(each) not in dialogues]


def _dialogue(example: dspy.Example) -> str:
    """Names the dialogue of an example."""
    return str(example.id).rpartition("#")[0]


def _without(program: Program, fold: Sequence[dspy.Example], rest: Sequence[dspy.Example]) -> Program:
    """A copy without the demonstrations that only dialogues of the fold can have given it."""
    copy: Program = program.deepcopy()
    if copy.pool is None and not any(each.demos for each in copy.predictors()):
        return copy
    others = taught(program, rest)
    own = taught(program, fold)
    for name, predictor in copy.named_predictors():
        known = {repr((each.inputs, each.outputs)) for each in others[name]}
        from_fold = [
            each.demonstration() for each in own[name] if repr((each.inputs, each.outputs)) not in known
        ]
        predictor.demos = [each for each in predictor.demos if each not in from_fold]
        if copy.pool is not None:
            copy.pool = copy.pool.without(name, [dict(each) for each in from_fold])
    return copy


def _logarithms(rows: Sequence[Mapping[str, float]], labels: Sequence[str]) -> Array:
    import numpy as np

    shares = np.array([[row.get(label, 0.0) for label in labels] for row in rows])
    logarithms: Array = np.log(np.maximum(shares, _FLOOR))
    return logarithms


def _expected(opinion: Opinion, of: Decision) -> Mapping[str, float]:
    if of == "stage":
        return stages_expected(opinion.prior, opinion.situation)
    return opinion.prior.probabilities(opinion.situation.strategies)


def _earliest(opinion: Opinion) -> int:
    """The place of the first stage that is allowed."""
    from csc_dspy.programs.stage_rule import allowed_stage

    situation = opinion.situation
    first = situation.taxonomy.stages[0]
    return allowed_stage(first, situation.stage, situation.taxonomy).number - 1
