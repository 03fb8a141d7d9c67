"""The samples that come with the package; see samples/README.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("samples")
CARD: Final = FOLDER / "README.md"
LICENCE: Final = "MIT"


@dataclass(frozen=True, slots=True)
class Sample:
    """A packaged sample: its data files; for a divided one also the file that has the part of every id."""

    name: str
    files: tuple[str, ...]
    about: str
    parts: tuple[str, ...] = ()
    division: str | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The data files."""
        return tuple(FOLDER / file for file in self.files)

    def ids(self, part: str) -> frozenset[str]:
        """The ids of the dialogues in one of ``parts``."""
        assert self.division is not None
        return frozenset(id_ for id_, its_part in _division(self.division).items() if its_part == part)


@lru_cache
def _division(file: str) -> dict[str, str]:
    division: dict[str, str] = json.loads((FOLDER / file).read_bytes())
    return division


SAMPLES: Final = {
    sample.name: sample
    for sample in (
        Sample(
            "rolecs-sample",
            ("rolecs_zh.jsonl", "rolecs_en.jsonl"),
            "role play, for training, demonstrations and fine-tuning data",
        ),
        Sample(
            "csconv-sample",
            ("csconv_zh.jsonl", "csconv_en.jsonl"),
            "for evaluation, divided into dev and test",
            parts=("dev", "test"),
            division="csconv_split.json",
        ),
    )
}
