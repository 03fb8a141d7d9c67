"""What the engine looks at: features of a conversation and of the other fields, as one vector.

Features come in channels (the last strategies, the customer's words, …). Each channel is scaled to its weight
whatever its size, so that fifty words do not outweigh one strategy. Nothing here knows a particular taxonomy.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from csc_dspy.lm.embedded.names import canonical
from csc_dspy.lm.embedded.transcript import Line, read_transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

SIZE: Final = 2**14
VERSION: Final = 1
"""Of all that is in this file; weights that were fitted to other features are worth nothing."""
CONVERSATION: Final = "conversation"
TURN: Final = "turn"
STAGE_SO_FAR: Final = "stage_so_far"

_TOKEN: Final = re.compile(r"[a-z']+|\d+|[\u3400-\u9fff]|[^\w\s]")
_LONGEST: Final = 2000
_START: Final = "^"
_MOST_TURNS: Final = 16
# Chosen by cross-validation on rolecs-sample, alike for both languages.
_WEIGHTS: Final[Mapping[str, float]] = {
    "last": 1.0,
    "before": 0.5,
    "used": 1.0,
    "turns": 1.0,
    "pair": 0.5,
    "shape": 1.0,
    "customer": 1.0,
    "supporter": 0.5,
    "turn": 6.0,
    "turn-characters": 6.0,
    "turn-shape": 2.0,
    "stage_so_far": 3.0,
}
_OTHER_FIELD: Final = 1.0


def features(fields: Mapping[str, str]) -> dict[int, float]:
    """The features of the fields of a task: their places among `SIZE`, and how much each counts."""
    return hashed(_channels(fields), _WEIGHTS)


def hashed(channels: Iterable[tuple[str, Iterable[str]]], weights: Mapping[str, float]) -> dict[int, float]:
    """The contents of channels as features, each channel scaled to its weight."""
    found: dict[int, float] = {}
    for channel, contents in channels:
        different = set(contents)
        if not different:
            continue
        share = (weights.get(channel, _OTHER_FIELD) / len(different)) ** 0.5
        begin = zlib.crc32(f"{channel}=".encode())
        # In order, because sums of floating-point numbers depend on it and sets have none.
        for place in sorted(zlib.crc32(each.encode("utf-8", "replace"), begin) for each in different):
            found[place % SIZE] = found.get(place % SIZE, 0.0) + share
    return found


def vector(fields: Mapping[str, str]) -> Vector:
    """The features as one dense vector."""
    import numpy as np

    found = features(fields)
    dense = np.zeros(SIZE)
    dense[list(found)] = list(found.values())
    return dense


def words(text: str) -> list[str]:
    """Words of English and characters of Chinese, without case and width."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text[:_LONGEST]).casefold())


def characters(text: str) -> set[str]:
    """Runs of two and three characters."""
    plain = f" {' '.join(unicodedata.normalize('NFKC', text[:_LONGEST]).casefold().split())} "
    return {plain[start : start + size] for size in (2, 3) for start in range(len(plain) - size + 1)}


def _channels(fields: Mapping[str, str]) -> Iterator[tuple[str, Iterable[str]]]:
    for name, value in fields.items():
        if name == CONVERSATION:
            yield from _conversation(read_transcript(value))
        elif name == TURN:
            yield "turn", words(value)
            yield "turn-characters", characters(value)
            yield "turn-shape", shape(value)
        else:
            yield name, [canonical(value)]


def _conversation(lines: Sequence[Line]) -> Iterator[tuple[str, Iterable[str]]]:
    labels = [canonical(line.label or "?") for line in lines if line.supporter]
    last, before = ([*labels[::-1], _START, _START])[:2]
    customer = last_words(lines)
    turns = len(labels)
    yield "last", [last]
    yield "before", [before]
    yield "used", labels
    yield "pair", [f"{last}+{label}" for label in labels]
    yield "turns", scale(turns)
    yield "shape", shape(customer)
    yield "customer", words(customer)
    yield "supporter", words(next((line.text for line in reversed(lines) if line.supporter), ""))


def scale(turns: int) -> list[str]:
    """A number of turns; neighbouring ones have most of it in common."""
    turns = min(turns, _MOST_TURNS)
    return [*(f">{n}" for n in range(turns + 1)), *(f"<{n}" for n in range(turns, _MOST_TURNS + 1))]


def last_words(lines: Sequence[Line]) -> str:
    """What the customer has said since the supporter spoke last."""
    said: list[str] = []
    for line in reversed(lines):
        if line.supporter:
            break
        said.insert(0, line.text)
    return " ".join(said)


def shape(text: str) -> list[str]:
    """How something is said: a question, an exclamation, hesitation, a placeholder, and how long."""
    return [
        f"question {'?' in text or '？' in text}",
        f"exclamation {'!' in text or '！' in text}",
        f"hesitation {'…' in text or '...' in text}",
        f"placeholder {'[' in text}",
        f"length {min(len(words(text)) // 8, 4)}",
    ]
