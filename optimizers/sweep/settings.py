"""Everything that a sweep is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.metrics import Weights

from ..data import Dialogues, Given, read_dialogues
from .objectives import is_cost
from .samplers import SamplerName
from .space import Space

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Language, Taxonomy

_ANSWERING: Final = ("api_base", "max_tokens", "logprobs")
"""Options of the language model that answers depend on."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to search, on which data, for what. Read one with `csc_dspy.optimizers.sweep.reading`."""

    train: Given
    """What programs are compiled from: a source as ``csc.read`` takes it, or conversations."""
    dev: Given
    """What trials are scored on; never a test part."""
    language: Language | None = None
    """The language of the conversations; the only one in ``train`` if not given."""
    space: Space = field(default_factory=Space)
    objectives: tuple[str, ...] = ("accuracy",)
    constraints: Mapping[str, float] = field(default_factory=dict)
    """The most that a trial may take, by names as ``max-calls-per-turn``; the best one keeps all of them."""
    weights: Weights = field(default_factory=Weights)
    """What counts in the objective ``composite``."""
    trials: int = 100
    keep: int = 5
    """How many of the best trials are scored again on all of dev."""
    seed: int = 0
    sampler: SamplerName = "auto"
    pruning: float = 0.1
    """A trial is given up when it is worse at this level of significance; 0 to finish every trial."""
    name: str = "sweep"
    """What the study is called in its storage."""
    taxonomy: Taxonomy | None = None
    lm_options: Mapping[str, Any] = field(default_factory=dict)
    """Those of `csc_dspy.lm.connect`, for every language model in the space."""

    @cached_property
    def data(self) -> tuple[Dialogues, Dialogues]:
        """Training and dev dialogues, in one language; see `read_dialogues` for what is refused."""
        return read_dialogues(self.train, self.dev, self.taxonomy, self.language)

    @property
    def spoken(self) -> Language:
        """The language of the conversations."""
        return self.data[0].conversations[0].spoken_language

    @property
    def maximize(self) -> tuple[bool, ...]:
        """For each objective whether more is better."""
        return tuple(not is_cost(name) for name in self.objectives)

    @property
    def costs(self) -> bool:
        """Whether it counts what answers take, so that whole turns have to be answered."""
        return bool(self.constraints) or any(map(is_cost, self.objectives))

    @property
    def priced(self) -> bool:
        """Whether it counts what answers cost, so that prices have to be known."""
        return any("usd" in name for name in (*self.objectives, *self.constraints))

    @property
    def connecting(self) -> dict[str, Any]:
        """How language models are connected.

        The cache tells nothing of what an answer took when it was asked for, so where that counts the memory
        of the sweep stands in for it.
        """
        return {**self.lm_options, "cache": False} if self.costs else dict(self.lm_options)

    @property
    def identity(self) -> dict[str, Any]:
        """What the study depends on: one with another of these is not taken up."""
        learned, judged = self.data
        return {
            "search space": self.space.to_dict(),
            "objectives": list(self.objectives),
            "constraints": dict(sorted(self.constraints.items())),
            "weights": asdict(self.weights),
            "language": self.spoken,
            "taxonomy": learned.conversations[0].taxonomy.fingerprint,
            "training data": learned.fingerprint,
            "dev data": judged.fingerprint,
            "seed": self.seed,
            "pruning": self.pruning,
            "language model options": {name: self.lm_options.get(name) for name in _ANSWERING},
        }

    def to_dict(self) -> dict[str, Any]:
        """What a report says of it, as plain data."""
        learned, judged = self.data
        return {
            "train": learned.to_dict(),
            "dev": judged.to_dict(),
            "language": self.spoken,
            "objectives": list(self.objectives),
            "constraints": dict(self.constraints),
            "space": self.space.to_dict(),
            "sampler": self.sampler,
            "trials": self.trials,
            "keep": self.keep,
            "seed": self.seed,
            "pruning": self.pruning,
        }
