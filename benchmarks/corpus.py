"""Corpora of any size for the benchmarks, woven from the sample dialogues.

Each generated dialogue takes its turns from many samples of one language, every turn from about the same
place in the talk, so it opens with a greeting, ends with a farewell, and shares only a few turns with any
other: no two are near-duplicates. The same count and seed give the same rows.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import csc_dspy

PUBLISHED = 13_087
"""The number of dialogues in the published dataset, with about 27 turns each."""

_CSCONV = 1_855 / PUBLISHED
_SAMPLES = Path(csc_dspy.__file__).parent / "data" / "samples"
_FEWEST_TURNS, _MOST_TURNS = 14, 40

Row = dict[str, Any]


def generate(count: int = PUBLISHED, seed: int = 0) -> Iterator[Row]:
    """Rows in the published form: half Chinese, half English, mixed as the published dataset is."""
    draw = random.Random(seed)
    kinds = {path.stem: _rows(path) for path in sorted(_SAMPLES.glob("*.jsonl"))}
    samples = {
        language: kinds[f"csconv_{language}"] + kinds[f"rolecs_{language}"] for language in ("zh", "en")
    }
    for number in range(count):
        source = "csconv" if draw.random() < _CSCONV else "rolecs"
        language = draw.choice(("zh", "en"))
        turns = _woven(samples[language], draw)
        yield draw.choice(kinds[f"{source}_{language}"]) | {
            "id": f"{source}-{language}-{number:06d}",
            "dialogue": turns,
        }


def write(path: str | Path, count: int = PUBLISHED, seed: int = 0) -> None:
    """The generated rows as a JSON Lines file."""
    with Path(path).open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in generate(count, seed))


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def _woven(samples: list[Row], draw: random.Random) -> list[Row]:
    length = draw.randint(_FEWEST_TURNS, _MOST_TURNS)
    # The samples alternate and begin with the supporter, so a turn's parity tells its speaker.
    return [_turn_near(place / length, place % 2, draw.choice(samples), draw) for place in range(length)]


def _turn_near(place: float, parity: int, sample: Row, draw: random.Random) -> Row:
    turns = sample["dialogue"][parity::2]
    turn: Row = turns[min(int(place * len(turns)), len(turns) - 1)]
    return turn | {"text": "".join(_other_digit(letter, draw) for letter in turn["text"])}


def _other_digit(letter: str, draw: random.Random) -> str:
    return draw.choice("0123456789") if letter in "0123456789" else letter
