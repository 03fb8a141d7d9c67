"""The parts of a split: how they are written down, and which one a dialogue draws.

The parts lie side by side on the line from 0 to 1, as long as their fractions, in the order given. A dialogue
draws its place on the line from its content hash and the seed, so its part depends neither on other dialogues
nor on their order nor on what the parts are called. Where a boundary moves, only the dialogues that it passes
change their part.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Final

from csc_dspy.exceptions import ConfigError

DEFAULT: Final[Mapping[str, float]] = {"train": 0.8, "dev": 0.1, "test": 0.1}
LEAKED: Final = "leaked"
"""What is left out of every part, because it is in another corpus as well."""
AGAINST: Final = "against"
"""That other corpus."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_REMEDY: Final = "write it like train=0.8,dev=0.1,test=0.1"


def parse_parts(text: str) -> dict[str, float]:
    """The parts in ``train=0.8,dev=0.1,test=0.1``; ConfigError if it says anything else."""
    parts: dict[str, float] = {}
    for entry in text.split(","):
        name, equals, number = (each.strip() for each in entry.partition("="))
        if not equals:
            raise ConfigError(f"{entry.strip()[:60]!r} is no part with its fraction", remedy=_REMEDY)
        if name in parts:
            raise ConfigError(f"the part {name[:60]!r} stands twice", remedy=_REMEDY)
        parts[name] = _number(name, number)
    return fractions(parts)


def fractions(parts: Mapping[str, float]) -> dict[str, float]:
    """The parts with fractions that sum to 1, given numbers that sum to 1 or to 100."""
    for name, fraction in parts.items():
        _check(name, fraction)
    total = math.fsum(parts.values())
    if not any(math.isclose(total, whole, rel_tol=1e-9) for whole in (1, 100)):
        raise ConfigError(f"the parts sum to {total:.6g}", remedy="they sum to 1, or in percent to 100")
    return {name: fraction / total for name, fraction in parts.items()}


def draw(content_hash: str, parts: Mapping[str, float], seed: int) -> str:
    """The part of the dialogue with this content hash."""
    digest = hashlib.sha256(f"{seed}:{content_hash}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    boundaries = accumulate(parts.values())
    # The last part reaches to the end, whatever rounding leaves of the sum.
    return next((name for name, end in zip(parts, boundaries, strict=True) if place < end), [*parts][-1])


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        problem = f"the part {name[:60]!r} has {text[:60]!r}, which is no number"
        raise ConfigError(problem, remedy=_REMEDY) from None


def _check(name: str, fraction: float) -> None:
    if not _NAME.fullmatch(name) or name in (LEAKED, AGAINST):
        raise ConfigError(
            f"a part cannot be called {name[:60]!r}",
            remedy=f"up to 64 small letters, digits, _ and -, but not {LEAKED} or {AGAINST}",
        )
    if not (math.isfinite(fraction) and fraction > 0):
        raise ConfigError(
            f"the part {name!r} has {fraction}", remedy="give more than 0, or leave the part out"
        )
