"""A language model's opinion on a label, joined with what is known without it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from dspy.predict.parameter import Parameter

from csc_dspy.conversations import next_stage
from csc_dspy.exceptions import ConfigError
from csc_dspy.programs.prior import TransitionPrior
from csc_dspy.taxonomy import Language, Localized, Stage, Strategy, Taxonomy

if TYPE_CHECKING:
    from csc_dspy.programs.history import Situation

Decision = Literal["strategy", "stage"]

_SHOWN: Final = 4
_FLOOR: Final = 1e-6
_SEPARATOR: Final = Localized(en=", ", zh="，")


class Fusion(Parameter):
    """The transition prior of a program and how much it counts, and a weight for each label.

    The probabilities are multiplied: those of the language model, those of the prior raised to ``weight``,
    and for each label the exponential of its bias. So a weight of 0 and biases of 0 leave the language
    model's as they are. Where the language model's are not measured there is nothing to join, and its answer
    stands. As a DSPy parameter it is saved and loaded with the program.
    """

    def __init__(
        self,
        prior: TransitionPrior | None = None,
        weight: float = 0.0,
        biases: Mapping[str, float] | None = None,
        *,
        of: Decision | None = "strategy",
    ) -> None:
        self.prior = prior
        self.weight = weight
        self.biases: Mapping[str, float] = biases or {}
        """What is added to the log odds of labels, by their ids."""
        self.of = of
        """What it helps to decide; None where it may only be shown."""

    @property
    def active(self) -> bool:
        """Whether it changes anything."""
        return (self.prior is not None and self.weight != 0) or any(self.biases.values())

    def fuse(self, measured: Mapping[str, float], so_far: Sequence[Strategy | None]) -> dict[str, float]:
        """``measured`` probabilities by strategy id, joined with the prior after the strategies so far."""
        expected = self.prior.probabilities(so_far) if self.prior and self.weight else {}
        return self._joined(measured, expected)

    def fuse_stages(self, measured: Mapping[str, float], situation: Situation) -> dict[str, float]:
        """``measured`` probabilities by stage id, joined with those that follow from the prior."""
        expected = stages_expected(self.prior, situation) if self.prior and self.weight else {}
        return self._joined(measured, expected)

    def strategy(
        self, said: Strategy, measured: Mapping[str, float] | None, situation: Situation
    ) -> tuple[Strategy, Mapping[str, float] | None]:
        """What is decided where the language model said ``said``, and how likely each strategy is."""
        # Without a prior the answer stands: one that was drawn at random need not be the likeliest.
        if measured is None or not self.active:
            return said, measured
        joined = self.fuse(measured, situation.strategies)
        # Equal probabilities go to the label that comes first, everywhere.
        return max(situation.taxonomy.strategies, key=lambda each: (joined[each.id], -each.number)), joined

    def stage(self, said: Stage, measured: Mapping[str, float] | None, situation: Situation) -> Stage:
        """What is decided where the language model said ``said``."""
        if measured is None or not self.active:
            return said
        joined = self.fuse_stages(measured, situation)
        return max(situation.taxonomy.stages, key=lambda each: (joined[each.id], -each.number))

    def hint(self, so_far: Sequence[Strategy | None], taxonomy: Taxonomy, language: Language) -> str:
        """The most likely strategies in words, for a prompt."""
        if self.prior is None:
            raise ConfigError(
                "the prompt shows a hint, but the program has no transition prior",
                remedy="fit one, or hide the hint",
            )
        expected = self.prior.probabilities(so_far)
        likely = sorted(taxonomy.strategies, key=lambda strategy: -expected[strategy.id])[:_SHOWN]
        return _SEPARATOR[language].join(f"{each.name[language]} {expected[each.id]:.0%}" for each in likely)

    def dump_state(self, **_: object) -> dict[str, Any]:
        """Plain data, as DSPy saves it with the program."""
        prior = self.prior.to_dict() if self.prior else None
        return {"prior": prior, "weight": self.weight, "biases": dict(self.biases)}

    def load_state(self, state: Mapping[str, Any], **_: object) -> Fusion:
        """Take over what `dump_state` wrote."""
        self.prior = TransitionPrior.from_dict(state["prior"]) if state["prior"] else None
        self.weight = float(state["weight"])
        self.biases = {label: float(bias) for label, bias in state.get("biases", {}).items()}
        return self

    def reset(self) -> None:
        """Forget everything, as DSPy asks of parameters when it starts over from an uncompiled program."""
        self.prior = None
        self.weight = 0.0
        self.biases = {}

    def _joined(self, measured: Mapping[str, float], expected: Mapping[str, float]) -> dict[str, float]:
        joined = {
            id_: value
            * (max(expected.get(id_, 0.0), _FLOOR) ** self.weight if expected else 1.0)
            * math.exp(self.biases.get(id_, 0.0))
            for id_, value in measured.items()
        }
        total = sum(joined.values())
        return {id_: value / total for id_, value in joined.items()} if total else dict(measured)


def stages_expected(prior: TransitionPrior, situation: Situation) -> dict[str, float]:
    """How likely each stage is for the coming turn: that of the strategies that lead to it."""
    taxonomy, running = situation.taxonomy, situation.stage
    likely = prior.probabilities(situation.strategies)
    expected = dict.fromkeys((stage.id for stage in taxonomy.stages), 0.0)
    for strategy in taxonomy.strategies:
        expected[next_stage(running, strategy, taxonomy).id] += likely[strategy.id]
    return expected
