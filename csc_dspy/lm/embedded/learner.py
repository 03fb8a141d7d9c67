"""Learning from demonstrations: ridge regression on a few dozen to a few hundred rows, in closed form.

Each demonstration teaches more than its answer: the supporter's turns in its conversation are labelled too,
and each of them is a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from csc_dspy.lm.embedded.features import CONVERSATION, SIZE, STAGE_SO_FAR, TURN, characters, vector
from csc_dspy.lm.embedded.transcript import read_transcript
from csc_dspy.lm.structured import Demonstration, Label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Row = tuple[dict[str, str], str]
"""Input fields and the label that goes with them."""

# By cross-validation on rolecs-sample, alike for both languages.
_PENALTY: Final = 2.0
_TEMPERATURE: Final = 0.2
_DIGITS: Final = 6


class Learner:
    """The probabilities of labels after the demonstrations it was made from."""

    def __init__(self, labels: Sequence[Label], rows: Iterable[Row]) -> None:
        import numpy as np

        self._names = [label.name for label in labels]
        known = [(inputs, label) for inputs, label in rows if label in self._names]
        inputs = np.array([vector(fields) for fields, _ in known])
        targets = np.zeros((len(known), len(labels)))
        for row, (_, label) in enumerate(known):
            targets[row, self._names.index(label)] = 1.0
        self._mean: Array = targets.mean(axis=0)
        # Few rows have few of all features.
        used = np.flatnonzero(inputs.any(axis=0))
        inputs = inputs[:, used]
        kernel = inputs @ inputs.T + _PENALTY * np.eye(len(known))
        self._weights: Array = np.zeros((SIZE, len(labels)))
        self._weights[used] = inputs.T @ np.linalg.solve(kernel, targets - self._mean)

    def probabilities(self, inputs: Mapping[str, str]) -> dict[str, float]:
        """How likely each label is."""
        scores = vector(inputs) @ self._weights + self._mean
        return softmax(self._names, scores, temperature=_TEMPERATURE)


def from_descriptions(labels: Sequence[Label], inputs: Mapping[str, str]) -> dict[str, float]:
    """How likely each label is by its description alone: the share of the text's characters found in it."""
    import numpy as np

    found = characters(_said(inputs))
    shares = [len(found & characters(label.description)) / (len(found) or 1) for label in labels]
    return softmax([label.name for label in labels], np.array(shares), temperature=_TEMPERATURE)


def _said(inputs: Mapping[str, str]) -> str:
    """The words that a label may describe: those of the turn, or the last ones of the conversation."""
    if CONVERSATION not in inputs:
        return " ".join(inputs.values())
    lines = read_transcript(inputs[CONVERSATION])
    return inputs.get(TURN) or (lines[-1].text if lines else "")


def rows_of(
    demonstrations: Sequence[Demonstration], inputs: Sequence[str], output: str, *, follows: str
) -> Iterator[Row]:
    """What demonstrations teach about ``output``; each row once.

    ``follows`` is the output that the labels inside conversations belong to.
    """
    seen: set[tuple[tuple[str, str], ...]] = set()
    for demonstration in demonstrations:
        rows = [
            (
                {name: demonstration[name] for name in inputs if name in demonstration},
                demonstration.get(output),
            )
        ]
        if output == follows and set(inputs) <= {CONVERSATION, TURN, STAGE_SO_FAR}:
            rows += _inside(demonstration.get(CONVERSATION, ""), with_turn=TURN in inputs)
        for fields, label in rows:
            key = (*fields.items(),)
            if label and key not in seen:
                seen.add(key)
                yield fields, label


def _inside(conversation: str, *, with_turn: bool) -> list[tuple[dict[str, str], str | None]]:
    """The supporter's turns of a conversation, each with what went before it."""
    lines = conversation.splitlines()
    rows: list[tuple[dict[str, str], str | None]] = []
    for number, line in enumerate(lines):
        for turn in read_transcript(line):
            if turn.supporter and turn.label:
                fields = {CONVERSATION: "\n".join(lines[:number])} | ({TURN: turn.text} if with_turn else {})
                rows.append((fields, turn.label))
    return rows


def softmax(names: Sequence[str], scores: Array, *, temperature: float = 1.0) -> dict[str, float]:
    """Scores as probabilities, rounded so that they are the same on every machine."""
    import numpy as np

    odds = np.exp((scores - scores.max()) / temperature)
    shares = (odds / odds.sum()).round(_DIGITS)
    return dict(zip(names, (shares / shares.sum()).tolist(), strict=True))
