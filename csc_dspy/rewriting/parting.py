"""The parts that conversations are split into, by dialogue, in a folder beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csc_dspy.rewriting.writing import CONVERSATIONS, SPLIT

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Taxonomy


@dataclass(frozen=True)
class Parting:
    """Into which parts conversations go; see `csc_dspy.data.splitting.split`."""

    parts: Mapping[str, float]
    seed: int = 0

    def write(self, folder: Path, taxonomy: Taxonomy | None = None) -> dict[str, int]:
        """Write the parts, and say how many conversations are in each.

        DataError if one of them would be empty; where there are no conversations at all, there are no parts.
        """
        from csc_dspy.data.reading import read
        from csc_dspy.data.split_folder import write_split
        from csc_dspy.data.splitting import split

        corpus = read(folder / CONVERSATIONS, taxonomy=taxonomy)
        if not (folder / CONVERSATIONS).stat().st_size:
            return {}
        made = split(corpus, self.parts, seed=self.seed)
        write_split(made, folder / SPLIT)
        facts: dict[str, dict[str, Any]] = made.to_dict()["parts"]
        return {part: each["dialogues"] for part, each in facts.items()}
