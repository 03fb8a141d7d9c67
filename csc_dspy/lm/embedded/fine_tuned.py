"""A fine-tuned model: a linear head for each label that its rows decide, and their responses."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import DataError
from csc_dspy.lm.embedded.head_features import head_features
from csc_dspy.lm.embedded.learner import softmax
from csc_dspy.lm.embedded.names import canonical
from csc_dspy.lm.embedded.regression import fit, log_odds
from csc_dspy.lm.embedded.responses import RESPONSE, Collection, Responses
from csc_dspy.lm.embedded.sparse import GrowingRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.lm.embedded.chat_rows import Row
    from csc_dspy.lm.structured import Label

REASONING: Final = "reasoning"
Told = Callable[[float], object]
"""Hears which share is done."""
# What neither is a label nor can be learned by this engine.
_TEXTS: Final = frozenset({RESPONSE, REASONING})
_MOST_LABELS: Final = 256
# Log odds by which a label without rows is behind the least likely one that has some.
_UNSEEN: Final = 3.0


def _silent(_share: float) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Head:
    """Decides one field from those before it. Labels are by their names without language."""

    labels: Sequence[str]
    weights: NDArray[np.float32]

    def probabilities(self, labels: Sequence[Label], known: Mapping[str, str]) -> dict[str, float]:
        """How likely each of ``labels`` is; one that no row had is less so than any other."""
        import numpy as np

        found = head_features(known)
        odds = log_odds(self.weights, list(found), list(found.values()))
        learned = dict(zip(self.labels, odds.tolist(), strict=True))
        unseen = min(learned.values()) - _UNSEEN
        scores = [learned.get(canonical(label.name), unseen) for label in labels]
        return softmax([label.name for label in labels], np.array(scores))


@dataclass(frozen=True)
class FineTuned:
    """What rows have taught. ``heads`` are by `head_key`."""

    heads: Mapping[str, Head]
    responses: Responses
    rows: int
    """How many it was fitted to."""


def head_key(known: Sequence[str], output: str) -> str:
    """Names a decision by its fields: ``conversation,turn->strategy``. Reasoning decides nothing here."""
    return f"{','.join(name for name in known if name != REASONING)}->{output}"


def fine_tune(rows: Iterable[Row], *, seed: int = 0, told: Told = _silent) -> FineTuned:
    """Fit a model to rows; DataError if there is nothing in them to learn.

    ``told`` hears which share of the fitting is done. The rows are gone through once, and of their texts only
    some responses are kept.
    """
    lessons: dict[str, _Lesson] = {}
    responses = Collection()
    count = 0
    for row in rows:
        count += 1
        responses.add(row)
        known = dict(row.inputs)
        for name, value in row.outputs.items():
            if name not in _TEXTS:
                lessons.setdefault(head_key(list(known), name), _Lesson(name)).add(known, value)
            known[name] = value
    found = responses.responses()
    if not lessons and not found.texts:
        raise DataError("there is nothing to learn from", remedy="give rows that label turns, or responses")
    heads: dict[str, Head] = {}
    for place, (key, lesson) in enumerate(lessons.items()):
        heads[key] = lesson.head(seed, _part(told, place, len(lessons)))
    return FineTuned(heads, found, count)


def _part(told: Told, place: int, parts: int) -> Told:
    """Tells of the whole what it hears of one part."""
    return lambda share: told((place + share) / parts)


class _Lesson:
    """What one head learns from."""

    def __init__(self, output: str) -> None:
        self._output = output
        self._features = GrowingRows()
        self._labels: dict[str, int] = {}
        self._answers = array("i")

    def add(self, known: Mapping[str, str], answer: str) -> None:
        label = canonical(answer)
        number = self._labels.setdefault(label, len(self._labels))
        if number >= _MOST_LABELS:
            raise DataError(
                f"the rows give more than {_MOST_LABELS} different values to {self._output!r}, "
                "which should be labels",
                remedy="the embedded engine learns labels and responses; name another model with --lm",
            )
        self._features.append(head_features({name: known[name] for name in known if name != REASONING}))
        self._answers.append(number)

    def head(self, seed: int, told: Told) -> Head:
        import numpy as np

        labels = sorted(self._labels)
        places = np.array([labels.index(label) for label in self._labels], np.int64)
        targets = places[np.array(self._answers, np.int64)]
        return Head(labels, fit(self._features.rows(), targets, len(labels), seed=seed, told=told))
