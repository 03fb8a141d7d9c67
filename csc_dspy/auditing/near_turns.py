"""Turns that say nearly the same, found among hundreds of thousands at a constant cost for each.

Two turns are near-duplicates if they have most of their pieces in common (see `csc_dspy.data.pieces`), or the
same words where they are too short for pieces. Only turns that agree in a few smallest hashes are compared.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.data.pieces import folded_text, pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.data.pieces import Pieces

SHARE: Final = 0.6
"""So many of the pieces of the longer one are in the shorter one."""
# "Yes, of course" is said on every occasion.
_FEWEST_LETTERS: Final = 6
# Two turns of equal length that share 60 % have 43 % of all their pieces in common, and meet in one of
# sixteen bands of two with a probability of 96 %.
_BANDS: Final = 16
_SEED: Final = 20
# A turn is compared with so many others of a bucket; what more have is boilerplate.
_CROWD: Final = 8


class NearTurns:
    """Turns, numbered from 0 as they are added."""

    def __init__(self) -> None:
        self._pieces, self._starts = array("I"), array("q", [0])
        self._keys = array("Q")
        self._multipliers: NDArray[np.uint32] | None = None

    def add(self, conversation: Conversation, turn: Turn) -> None:
        """Take a turn in."""
        import numpy as np

        text = folded_text(conversation.with_turns([turn]))
        found = pieces(text) if len(text) >= _FEWEST_LETTERS else np.empty(0, np.uint32)
        self._pieces.frombytes(found.tobytes())
        self._starts.append(len(self._pieces))
        self._keys.frombytes(self._bands(found).tobytes())

    def pairs(self) -> Iterator[tuple[int, int]]:
        """The numbers of two near-duplicates, the smaller one first, each pair once."""
        import numpy as np

        seen: set[int] = set()
        keys = np.array(self._keys, np.uint64).reshape(-1, _BANDS)
        for band in range(_BANDS):
            order = np.argsort(keys[:, band], kind="stable")
            ordered = keys[order, band]
            for apart in range(1, _CROWD + 1):
                same = np.flatnonzero((ordered[apart:] == ordered[:-apart]) & (ordered[apart:] > 0))
                if not len(same):
                    break
                for one, other in zip(order[same].tolist(), order[same + apart].tolist(), strict=True):
                    if (pair := one * len(keys) + other) not in seen:
                        seen.add(pair)
                        if self._alike(one, other):
                            yield one, other

    def _bands(self, found: Pieces) -> NDArray[np.uint64]:
        """A key for each band; 0 for turns without pieces."""
        import numpy as np

        if not len(found):
            return np.zeros(_BANDS, np.uint64)
        if self._multipliers is None:
            drawn = np.random.default_rng(_SEED).integers(1, 2**31, 2 * _BANDS, dtype=np.uint32)
            self._multipliers = drawn * np.uint32(2) + np.uint32(1)
        # Products that overflow are what mixes the hashes.
        smallest = (found[:, None] * self._multipliers).min(axis=0).astype(np.uint64)
        keys: NDArray[np.uint64] = (smallest[::2] << np.uint64(32)) | smallest[1::2]
        return np.maximum(keys, np.uint64(1))

    def _alike(self, one: int, other: int) -> bool:
        import numpy as np

        first, second = self._of(one), self._of(other)
        common = len(np.intersect1d(first, second, assume_unique=True))
        return common >= SHARE * max(len(first), len(second))

    def _of(self, number: int) -> Pieces:
        import numpy as np

        found: Pieces = np.array(self._pieces[self._starts[number] : self._starts[number + 1]], np.uint32)
        return found
