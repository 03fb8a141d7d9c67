"""Asking systems about dialogues: much at once, results in the order of the data."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from csc_dspy.concurrency import in_order
from csc_dspy.conversations import Turn, TurnExample
from csc_dspy.evaluation.cases import Case
from csc_dspy.evaluation.contexts import Context, generated_turn
from csc_dspy.evaluation.predictions import Prediction
from csc_dspy.evaluation.systems import System

Told = Callable[[System, Prediction], None]
"""Hears of every prediction as soon as it is there, in any thread."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A system in a context."""

    system: System
    context: Context


@dataclass(frozen=True, slots=True)
class Result:
    """All predictions for a dialogue, those of each entry in the order of its turns."""

    case: Case
    predictions: Mapping[Entry, Sequence[Prediction]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Turns that have to be predicted one after the other, because each hears of those before."""

    case: Case
    entry: Entry
    turns: Sequence[TurnExample]
    last: bool
    """Whether the dialogue is complete with it."""


def run(
    cases: Iterable[Case], entries: Sequence[Entry], concurrency: int, told: Told
) -> Generator[Result, None, None]:
    """Predict every dialogue for every entry, ``concurrency`` turns at a time; results in order."""

    async def work(piece: _Piece) -> tuple[_Piece, list[Prediction]]:
        return piece, await _predict(piece, told)

    predictions: dict[Entry, list[Prediction]] = {}
    with closing(in_order(_pieces(cases, entries), work, concurrency)) as done:
        for piece, some in done:
            predictions.setdefault(piece.entry, []).extend(some)
            if piece.last:
                yield Result(piece.case, predictions)
                predictions = {}


def _pieces(cases: Iterable[Case], entries: Sequence[Entry]) -> Iterator[_Piece]:
    for case in cases:
        pieces = [(entry, turns) for entry in entries for turns in _sequences(case, entry.context)]
        for place, (entry, turns) in enumerate(pieces, 1):
            yield _Piece(case, entry, turns, last=place == len(pieces))


def _sequences(case: Case, context: Context) -> list[Sequence[TurnExample]]:
    return [case.examples] if context == "generated" else [(example,) for example in case.examples]


async def _predict(piece: _Piece, told: Told) -> list[Prediction]:
    system, context = piece.entry.system, piece.entry.context
    conversation = piece.case.conversation
    own: dict[int, Turn] = {}
    predictions = []
    for example in piece.turns:
        before = [own.get(place, turn) for place, turn in enumerate(example.history)]
        history = conversation.with_turns(before)
        prediction = await system.predict(context, piece.case.name, example, history)
        if context == "generated":
            own[example.index] = generated_turn(example.turn, prediction.predicted)
        predictions.append(prediction)
        told(system, prediction)
    return predictions
