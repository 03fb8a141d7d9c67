"""How evenly a split came out: each language of each source should be in the parts as their fractions say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from csc_dspy.taxonomy import Language

_WORTH_TELLING: Final = 10
"""Where fewer dialogues are expected, being off by half is what chance does."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """The dialogues of one language and source, counted by part."""

    language: Language
    source: str
    dialogues: Mapping[str, int]

    def __str__(self) -> str:
        return f"{self.language} {self.source}".strip()

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"language": self.language, "source": self.source, "dialogues": dict(self.dialogues)}


def count_strata(drawn: Iterable[tuple[Language, str, str]], parts: Iterable[str]) -> tuple[Stratum, ...]:
    """Count dialogues, each given as its language, its source and its part."""
    counts: defaultdict[tuple[Language, str], Counter[str]] = defaultdict(Counter)
    for language, source, part in drawn:
        counts[language, source][part] += 1
    names = tuple(parts)
    return tuple(
        Stratum(language, source, {name: count[name] for name in names})
        for (language, source), count in sorted(counts.items())
    )


def unevenness(strata: Iterable[Stratum], fractions: Mapping[str, float]) -> Iterator[str]:
    """A line for every stratum that a part lacks, or has far more or less of than its fraction says."""
    for stratum in strata:
        size = sum(stratum.dialogues[part] for part in fractions)
        for part, fraction in fractions.items():
            found, expected = stratum.dialogues[part], size * fraction
            if found == 0 and expected >= 1:
                yield f"{part} has none of the {size} dialogues of {stratum}"
            elif expected >= _WORTH_TELLING and abs(found - expected) > expected / 2:
                yield f"{part} has {found} of the {size} dialogues of {stratum}, not about {expected:.0f}"
