"""Finding dialogues that say nearly the same among tens of thousands, in seconds and little memory.

Two dialogues are near-duplicates if their folded texts are the same, or if the smaller one has at least a
certain share of its pieces in common with the other (see `csc_dspy.data.pieces`). So a dialogue cut short is
a near-duplicate of the whole one, and neither labels nor the order of turns matter.

Comparing all pairs would take hours. Only those are compared that have enough in common of their *sketches*:
the pieces with the smallest hashes, an eighth of all and the same eighth for every dialogue. Sketches stay in
memory; whole sets of pieces go to a temporary file once they are many.
"""

from __future__ import annotations

import hashlib
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.data.pieces import FEWEST, folded_text, pieces, similarity
from csc_dspy.exceptions import OutputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.conversations import Conversation
    from csc_dspy.data.pieces import Pieces

THRESHOLD: Final = 0.6
"""One character in twenty changed leaves about 75 % of the pieces; unrelated dialogues share up to 20 %."""

_SKETCHED: Final = 2**32 // 8
# A piece is looked up in so many dialogues only: what more have is boilerplate, which says little and would
# cost the square of their number.
_CROWD: Final = 1000
_IN_MEMORY: Final = 2**24


class NearDuplicates:
    """Dialogues, numbered from 0 as they are added, among which near-duplicates can be found.

    ``threshold`` is the share of the smaller dialogue's pieces that makes two dialogues near-duplicates.
    """

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._threshold = threshold
        self._count = 0
        self._texts: dict[bytes, _Text] = {}
        self._store = _PieceStore()
        self._index: _Index | None = None

    def add(self, conversation: Conversation) -> int:
        """Take a dialogue in; its number is returned."""
        number, self._count = self._count, self._count + 1
        text = folded_text(conversation)
        same = self._texts.get(_digest(text))
        if same is None:
            found = pieces(text)
            self._texts[_digest(text)] = _Text(_sketch(found), self._store.append(found), [number])
            self._index = None
        else:
            same.numbers.append(number)
        return number

    def groups(self) -> list[list[int]]:
        """Numbers of dialogues that are near-duplicates of one another, directly or by way of others.

        Dialogues that have none are left out. In which order dialogues were added makes no difference.
        """
        index = self._frozen()
        families = _Families(len(index.texts))
        for place, text in enumerate(index.texts):
            for other in self._candidates(text.sketch):
                stranger = other < place and families.head(other) != families.head(place)
                if stranger and self._alike(self._store.read(text.stored), index.texts[other]):
                    families.join(place, other)
        together: dict[int, list[int]] = {}
        for place, text in enumerate(index.texts):
            together.setdefault(families.head(place), []).extend(text.numbers)
        return sorted(sorted(numbers) for numbers in together.values() if len(numbers) > 1)

    def like(self, conversation: Conversation) -> list[int]:
        """Numbers of the dialogues that ``conversation`` is a near-duplicate of."""
        text = folded_text(conversation)
        found = pieces(text)
        same = self._texts.get(_digest(text))
        near = (self._frozen().texts[place] for place in self._candidates(_sketch(found)))
        alike = [each for each in near if each is not same and self._alike(found, each)]
        return sorted(number for each in (same, *alike) if each for number in each.numbers)

    def _frozen(self) -> _Index:
        if self._index is None:
            self._index = _Index([text for _, text in sorted(self._texts.items())])
        return self._index

    def _candidates(self, sketch: Pieces) -> list[int]:
        # Sketches share a little more or less than the dialogues do; half the threshold leaves room for that.
        return self._frozen().sharing(sketch, self._threshold / 2)

    def _alike(self, found: Pieces, text: _Text) -> bool:
        return similarity(found, self._store.read(text.stored)) >= self._threshold


@dataclass(slots=True)
class _Text:
    """A folded text: its sketch, where its pieces are stored, and the dialogues that have it."""

    sketch: Pieces
    stored: slice
    numbers: list[int]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


def _sketch(found: Pieces) -> Pieces:
    """The part of the pieces that goes into the index; nothing of dialogues too small to compare."""
    return found[found < _SKETCHED].copy() if len(found) >= FEWEST else found[:0]


class _Index:
    """Which texts have a piece in their sketches."""

    def __init__(self, texts: Sequence[_Text]) -> None:
        import numpy as np

        self.texts = texts
        self._sizes = np.array([len(text.sketch) for text in texts], dtype=np.int64)
        hashes = np.concatenate([np.empty(0, dtype=np.uint32), *(text.sketch for text in texts)])
        order = np.argsort(hashes, kind="stable")
        self._owners = np.repeat(np.arange(len(texts), dtype=np.int32), self._sizes)[order]
        self._hashes, self._starts, counts = np.unique(hashes[order], return_index=True, return_counts=True)
        self._counts = np.minimum(counts, _CROWD)

    def sharing(self, sketch: Pieces, share: float) -> list[int]:
        """Places of the texts that have this share of the smaller sketch in common, most in common first."""
        import numpy as np

        if len(sketch) == 0 or len(self._hashes) == 0:
            return []
        at = np.searchsorted(self._hashes, sketch)
        known = at[self._hashes.take(at, mode="clip") == sketch]
        common = np.bincount(self._owners[self._entries(known)], minlength=len(self.texts))
        enough = np.flatnonzero((common > 0) & (common >= share * np.minimum(self._sizes, len(sketch))))
        ranked: list[int] = enough[np.argsort(-common[enough], kind="stable")].tolist()
        return ranked

    def _entries(self, known: NDArray[np.intp]) -> NDArray[np.intp]:
        """The positions in ``_owners`` of several hashes: the ranges from ``_starts``, laid end to end."""
        import numpy as np

        counts = self._counts[known]
        begins = np.cumsum(counts) - counts
        return np.repeat(self._starts[known] - begins, counts) + np.arange(counts.sum())


class _Families:
    """Who belongs together, as pairs become known."""

    def __init__(self, count: int) -> None:
        self._heads = list(range(count))

    def head(self, member: int) -> int:
        """The one that stands for the family of ``member``."""
        while (head := self._heads[member]) != member:
            self._heads[member] = member = self._heads[head]
        return member

    def join(self, one: int, other: int) -> None:
        """Make two families one."""
        self._heads[self.head(one)] = self.head(other)


class _PieceStore:
    """Sets of pieces, in memory while they are few, then in a temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed with its owner
        self._size = 0
        weakref.finalize(self, self._file.close)

    def append(self, found: Pieces) -> slice:
        """Keep a set; what is returned gets it back."""
        content = found.tobytes()
        begin, self._size = self._size, self._size + len(content)
        try:
            self._file.seek(begin)
            self._file.write(content)
        except OSError as error:
            raise OutputError(
                f"temporary file cannot be written: {error.strerror}",
                where=tempfile.gettempdir(),
                remedy="free some space there, or name another folder in TMPDIR",
            ) from error
        return slice(begin, self._size)

    def read(self, stored: slice) -> Pieces:
        """A set kept before."""
        import numpy as np

        self._file.seek(stored.start)
        return np.frombuffer(self._file.read(stored.stop - stored.start), dtype=np.uint32)
