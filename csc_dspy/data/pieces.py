"""What two dialogues are compared by: the pieces of five characters that their folded text consists of.

Folding drops width, case, spaces and punctuation and makes every placeholder in brackets the same letter.
Turns are joined, so it does not matter where one ends. All of it works for Chinese and English alike.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.conversations import Conversation

    Pieces: TypeAlias = NDArray[np.uint32]

FEWEST: Final = 100
"""A dialogue of fewer pieces is little more than greeting and farewell, which many have in common."""

_PLACEHOLDER = re.compile(r"[\[【][^\[\]【】\n]{0,40}[\]】]")
_NO_LETTERS = re.compile(r"[\W_]+")
# One odd random number for each character of a piece: the upper half of the sum of products is its hash.
_MULTIPLIERS: Final = (
    0x9F4D52E3A1C7B685,
    0xC2B8E1576D93FA4B,
    0x5E07D9A4B31F8C6D,
    0xE83A6C91F5274D0F,
    0x71C95B2E0DA8F643,
)


def folded_text(conversation: Conversation) -> str:
    """The text of all turns as far as it counts."""
    text = unicodedata.normalize("NFKC", "\n".join(turn.text for turn in conversation.dialogue)).casefold()
    return _NO_LETTERS.sub("", _PLACEHOLDER.sub("x", text))


def pieces(text: str) -> Pieces:
    """The hashes of all pieces of a folded text, sorted, each once."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    count = max(len(points) - len(_MULTIPLIERS) + 1, 0)
    total = np.zeros(count, dtype=np.uint64)
    for place, multiplier in enumerate(_MULTIPLIERS):
        total += points[place : place + count] * np.uint64(multiplier)
    return np.unique((total >> np.uint64(32)).astype(np.uint32))


def similarity(one: Pieces, other: Pieces) -> float:
    """The share of the smaller set that is in the other as well; 0 if it has fewer than `FEWEST`."""
    import numpy as np

    smaller = min(len(one), len(other))
    if smaller < FEWEST:
        return 0.0
    return len(np.intersect1d(one, other, assume_unique=True)) / smaller
