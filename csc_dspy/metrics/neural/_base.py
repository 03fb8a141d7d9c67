"""What neural metrics share: who scores which texts, in what portions, and what is known already."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from csc_dspy.exceptions import ConfigError
from csc_dspy.huggingface.libraries import best_device
from csc_dspy.metrics._base import Dialogue
from csc_dspy.metrics.neural.extra import require_extra
from csc_dspy.metrics.neural.kept import KeptScores, Pair, Scores
from csc_dspy.metrics.text._base import ResponseMetric, attempts, mean, reference, response, summed
from csc_dspy.taxonomy import LANGUAGES, Language

if TYPE_CHECKING:
    from csc_dspy.metrics._base import Array

Item = TypeVar("Item")

# So many are sorted by length together: enough that those of one batch are about equally long.
_SORTED_AT_ONCE: Final = 1024


class Scorer(Protocol):
    """A loaded model."""

    @property
    def identity(self) -> str:
        """All that its scores depend on, besides the texts."""
        ...

    def scores(self, pairs: Sequence[Pair]) -> list[float]:
        """The scores of one batch of pairs, none of them empty."""
        ...


@dataclass(frozen=True)
class NeuralMetric(ResponseMetric, ABC):
    """The mean over turns of what a model says of each response and its reference; 0 where either is empty.

    Models are loaded when the first text of their language comes, and scores are kept between runs.
    """

    batch_size: int = field(default=32, kw_only=True)
    """How many pairs the model reads at once."""
    device: str | None = field(default=None, kw_only=True)
    """As torch calls it; without it cuda where there is one, or else the processor."""
    keep: bool = field(default=True, kw_only=True)
    """Whether scores are kept between runs."""

    _loaded: dict[object, Scorer] = field(default_factory=dict, init=False, repr=False, compare=False)
    _kept: KeptScores = field(default_factory=KeptScores, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_extra(self.name)
        if self.batch_size < 1:
            raise ConfigError("batch_size is at least 1", where=self.name)

    @property
    @abstractmethod
    def name(self) -> str:
        """The key in results."""

    @abstractmethod
    def _model(self, language: Language) -> object:
        """What decides which model scores texts of this language."""

    @abstractmethod
    def _load(self, language: Language, device: str) -> Scorer: ...

    def _finished(self, score: float, language: Language) -> float:  # noqa: ARG002 - for those that need it
        """A score in percent from one of a `Scorer`."""
        return 100 * score

    def prepare(self, languages: Iterable[Language] = LANGUAGES) -> None:
        """Load the models for these languages now; ConfigError for one that cannot be had."""
        for language in languages:
            self._scorer(language)

    def tallies(self, dialogues: Sequence[Dialogue]) -> Array:
        """For each dialogue the sum of its turns' scores, and their number."""
        import numpy as np

        turns = [*attempts(dialogues)]
        rows = np.zeros((len(turns), 2))
        rows[:, 1] = 1
        for language in LANGUAGES:
            places = [place for place, turn in enumerate(turns) if turn.example.language == language]
            pairs = [(response(turns[place]), reference(turns[place])) for place in places]
            rows[places, 0] = self.scores(pairs, language)
        return summed(rows, dialogues, 2)

    def value(self, tallies: Array) -> Array:
        """The mean over turns."""
        return mean(tallies)

    def scores(self, pairs: Sequence[Pair], language: Language) -> list[float]:
        """The percentages of responses and their references, in this order."""
        stripped = [(answer.strip(), expected.strip()) for answer, expected in pairs]
        asked = dict.fromkeys(pair for pair in stripped if all(pair))
        known = self._known(asked, self._scorer(language)) if asked else {}
        return [self._finished(known.get(pair, 0.0), language) for pair in stripped]

    def _known(self, pairs: Iterable[Pair], scorer: Scorer) -> dict[Pair, float]:
        if not self.keep:
            return self._computed(pairs, scorer, Scores(scorer.identity, None))
        with self._kept.opened(scorer.identity) as kept:
            return self._computed(pairs, scorer, kept)

    def _computed(self, pairs: Iterable[Pair], scorer: Scorer, kept: Scores) -> dict[Pair, float]:
        known: dict[Pair, float] = {}
        for some in _portions(pairs, _SORTED_AT_ONCE):
            found = {pair: score for pair in some if (score := kept.get(pair)) is not None}
            missing = sorted((pair for pair in some if pair not in found), key=_length)
            for batch in _portions(missing, self.batch_size):
                new = dict(zip(batch, scorer.scores(batch), strict=True))
                kept.put(new)
                found |= new
            known |= found
        return known

    def _scorer(self, language: Language) -> Scorer:
        model = self._model(language)
        if model not in self._loaded:
            self._loaded[model] = self._load(language, self.device or best_device())
        return self._loaded[model]


def _length(pair: Pair) -> int:
    return max(map(len, pair))


def _portions(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    each = iter(items)
    while portion := [*islice(each, size)]:
        yield portion
