"""The two parts of the published data set, and where a name says which of them is meant."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

EVALUATION: Final = "CSConv"
TRAINING: Final = "RoleCS"
_NAMES: Final = {
    part: re.compile(rf"(?<![a-z]){part}(?![a-z])", re.IGNORECASE) for part in (EVALUATION, TRAINING)
}


def parts_in_name(name: str) -> frozenset[str]:
    """The parts that a name mentions, as a word of its own."""
    return frozenset(part for part, mention in _NAMES.items() if mention.search(name))


def parts_in_path(path: PurePath) -> frozenset[str]:
    """The parts that the name of a file mentions, or else the nearest folder that mentions any."""
    return next((found for name in reversed(path.parts) if (found := parts_in_name(name))), frozenset())
