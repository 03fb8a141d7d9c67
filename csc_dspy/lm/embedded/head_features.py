"""What the heads of fine-tuned models look at: many rows teach what few demonstrations cannot.

In-context learning has features of its own, so that either can be changed without the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from csc_dspy.lm.embedded.features import (
    CONVERSATION,
    STAGE_SO_FAR,
    TURN,
    characters,
    hashed,
    last_words,
    scale,
    shape,
    words,
)
from csc_dspy.lm.embedded.names import canonical
from csc_dspy.lm.embedded.transcript import Line, read_transcript

VERSION: Final = 3
"""Of what heads look at; weights that were fitted to other features are worth nothing."""
_START: Final = "^"
# Chosen by cross-validation on rolecs-sample and on the dev part of csconv-sample, alike for both languages.
_WEIGHTS: Final[Mapping[str, float]] = {
    "before": 0.1,
    "third": 0.1,
    "used": 3.0,
    "repeated": 0.15,
    "pair": 0.35,
    "turns": 1.5,
    "shape": 1.0,
    "last+shape": 0.3,
    "customer": 1.2,
    "stage_so_far": 2.0,
    "stage+shape": 0.5,
    "turn": 8.0,
    "turn-characters": 3.0,
    "turn-shape": 2.0,
    "turn-pairs": 0.5,
    "turn-ends": 1.0,
}
# Of rows with the turn itself there is more to learn before it is learned by heart.
_WITH_TURN: Final = {name: 3 * weight for name, weight in _WEIGHTS.items()}
_LONGEST_END: Final = 3


def head_features(fields: Mapping[str, str]) -> dict[int, float]:
    """The features of the fields that a head decides by: their places, and how much each counts."""
    return hashed(_channels(fields), _WITH_TURN if TURN in fields else _WEIGHTS)


def _channels(fields: Mapping[str, str]) -> Iterator[tuple[str, Iterable[str]]]:
    for name, value in fields.items():
        if name == CONVERSATION:
            yield from _conversation(read_transcript(value), canonical(fields.get(STAGE_SO_FAR, "")))
        elif name == TURN:
            yield from _turn(value)
        else:
            yield name, [canonical(value)]


def _conversation(lines: Sequence[Line], stage: str) -> Iterator[tuple[str, Iterable[str]]]:
    labels = [canonical(line.label or "?") for line in lines if line.supporter]
    last, before, third = ([*labels[::-1], _START, _START, _START])[:3]
    customer = last_words(lines)
    manner = shape(customer)
    yield "before", [before]
    yield "third", [third]
    yield "used", labels
    yield "repeated", [label for label, count in Counter(labels).items() if count > 1]
    yield "pair", [f"{last}+{label}" for label in labels]
    yield "turns", scale(len(labels))
    yield "shape", manner
    yield "last+shape", [f"{last}+{each}" for each in manner]
    yield "customer", words(customer)
    yield "stage+shape", [f"{stage}+{each}" for each in manner]


def _turn(text: str) -> Iterator[tuple[str, Iterable[str]]]:
    said = words(text)
    ends = range(1, _LONGEST_END + 1)
    yield "turn", said
    yield "turn-characters", characters(text)
    yield "turn-shape", shape(text)
    yield "turn-pairs", map(" ".join, pairwise(said))
    yield "turn-ends", [*(f"^{' '.join(said[:n])}" for n in ends), *(f"{' '.join(said[-n:])}$" for n in ends)]
