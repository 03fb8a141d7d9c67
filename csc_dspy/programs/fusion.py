"""A language model's opinion on the next strategy, joined with the transition prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dspy.predict.parameter import Parameter

from csc_dspy.exceptions import ConfigError
from csc_dspy.programs.prior import TransitionPrior
from csc_dspy.taxonomy import Language, Localized, Strategy, Taxonomy

_SHOWN: Final = 4
_FLOOR: Final = 1e-6
_SEPARATOR: Final = Localized(en=", ", zh="，")


class Fusion(Parameter):
    """The transition prior of a strategy program and how much it counts.

    The probabilities are multiplied, those of the prior raised to ``weight``: 0 leaves the language model's
    as they are. Where the language model's are not measured there is nothing to join, and its answer stands.
    As a DSPy parameter it is saved and loaded with the program.
    """

    def __init__(self, prior: TransitionPrior | None = None, weight: float = 0.0) -> None:
        self.prior = prior
        self.weight = weight

    @property
    def active(self) -> bool:
        """Whether it changes anything."""
        return self.prior is not None and self.weight != 0

    def fuse(self, measured: Mapping[str, float], so_far: Sequence[Strategy | None]) -> dict[str, float]:
        """``measured`` probabilities by strategy id, joined with the prior after the strategies so far."""
        if self.prior is None or not self.active:
            return dict(measured)
        expected = self.prior.probabilities(so_far)
        joined = {
            id_: value * max(expected.get(id_, 0.0), _FLOOR) ** self.weight for id_, value in measured.items()
        }
        total = sum(joined.values())
        return {id_: value / total for id_, value in joined.items()} if total else dict(measured)

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
        return {"prior": self.prior.to_dict() if self.prior else None, "weight": self.weight}

    def load_state(self, state: Mapping[str, Any], **_: object) -> Fusion:
        """Take over what `dump_state` wrote."""
        self.prior = TransitionPrior.from_dict(state["prior"]) if state["prior"] else None
        self.weight = float(state["weight"])
        return self

    def reset(self) -> None:
        """Forget the prior, as DSPy asks of parameters when it starts over from an uncompiled program."""
        self.prior = None
        self.weight = 0.0
