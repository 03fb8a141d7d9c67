"""What occurs more than once, exactly, in a corpus of any size.

Each text becomes a 64-bit key. Keys are gathered in memory up to a fixed number, then sorted, counted and
written to a temporary file as a run; in the end the runs are merged a bounded piece at a time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from csc_dspy.data.statistics.scratch import Scratch
from csc_dspy.data.statistics.shares import share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.void]

_ROOM: Final = 1 << 17
# A key, how often it occurs, and the first and last dialogue that it occurs in.
_FIELDS: Final = (("key", "<i8"), ("count", "<i8"), ("first", "<i8"), ("last", "<i8"))
_ROW: Final = 8 * len(_FIELDS)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Of ``count`` things ``distinct`` are different.

    ``repeated`` of them occur more than once (each time counts), ``elsewhere`` of them occur in another
    dialogue as well.
    """

    count: int
    distinct: int
    repeated: int
    elsewhere: int

    @property
    def repeated_share(self) -> float:
        """The share of what occurs more than once."""
        return share(self.repeated, self.count)

    @property
    def elsewhere_share(self) -> float:
        """The share of what occurs in another dialogue as well."""
        return share(self.elsewhere, self.count)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "count": self.count,
            "distinct": self.distinct,
            "repeated": self.repeated,
            "repeated_share": self.repeated_share,
            "in_other_dialogues": self.elsewhere,
            "in_other_dialogues_share": self.elsewhere_share,
        }


def text_key(text: str) -> int:
    """A key that texts share if they differ in whitespace at most.

    The interpreter's own hash is keyed at random for each process, so nobody can prepare texts that collide,
    and by chance two of a million texts do so once in ten million times.
    """
    return hash(" ".join(text.split()))


class RepeatCount:
    """Counts keys with at most ``room`` of them in memory."""

    def __init__(self, scratch: Scratch, room: int = _ROOM) -> None:
        self._scratch = scratch
        self._room = room
        self._keys = array("q")
        self._dialogues = array("q")
        self._runs: list[_Run] = []
        self._file: BinaryIO | None = None

    def add(self, dialogue: int, keys: Iterable[int]) -> None:
        """Count keys that occur in the dialogue of this number."""
        known = len(self._keys)
        self._keys.extend(keys)
        self._dialogues.extend(repeat(dialogue, len(self._keys) - known))
        if len(self._keys) >= self._room:
            self._spill()

    def result(self) -> Repeats:
        """All counts."""
        pieces = self._merged() if self._runs else iter((self._gathered(),))
        count = distinct = repeated = elsewhere = 0
        for rows in pieces:
            counts = rows["count"]
            count += int(counts.sum())
            distinct += len(rows)
            repeated += int(counts[counts > 1].sum())
            elsewhere += int(counts[rows["first"] != rows["last"]].sum())
        return Repeats(count, distinct, repeated, elsewhere)

    def _gathered(self) -> Rows:
        """What is in memory, counted; the memory is free again."""
        import numpy as np

        rows = np.empty(len(self._keys), dtype=list(_FIELDS))
        rows["key"], rows["count"] = self._keys, 1
        rows["first"] = rows["last"] = self._dialogues
        del self._keys[:], self._dialogues[:]
        return _collapsed(rows)

    def _spill(self) -> None:
        rows = self._gathered()
        with self._scratch.writing():
            self._file = self._file or self._scratch.file()
            start = self._file.seek(0, 2)
            self._file.write(rows.tobytes())
            self._file.flush()
        self._runs.append(_Run(self._file, start, start + rows.nbytes))

    def _merged(self) -> Iterator[Rows]:
        """All runs as one, in ascending pieces that together hold every key once."""
        import numpy as np

        self._spill()
        size = max(self._room // len(self._runs), 1)
        pieces = [run.read(size) for run in self._runs]
        while filled := [piece for piece in pieces if len(piece)]:
            # Keys up to here cannot follow in any run any more.
            bound = min(piece["key"][-1] for piece in filled)
            cuts = [int(np.searchsorted(piece["key"], bound, side="right")) for piece in pieces]
            yield _collapsed(np.concatenate([piece[:cut] for piece, cut in zip(pieces, cuts, strict=True)]))
            pieces = [
                np.concatenate((piece[cut:], run.read(cut)))
                for run, piece, cut in zip(self._runs, pieces, cuts, strict=True)
            ]


class _Run:
    """Rows on disk, in ascending order of their keys, each key once; read from front to end."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
        self._position = start
        self._end = end

    def read(self, rows: int) -> Rows:
        """The next ``rows`` rows, fewer at the end."""
        import numpy as np

        size = min(rows * _ROW, self._end - self._position)
        self._file.seek(self._position)
        self._position += size
        return np.frombuffer(self._file.read(size), dtype=list(_FIELDS))


def _collapsed(rows: Rows) -> Rows:
    """One row for each key, in order of keys. Rows of the same key have to come in order of dialogues."""
    import numpy as np

    rows = rows[np.argsort(rows["key"], kind="stable")]
    keys = rows["key"]
    new = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))[: len(rows)]
    once = rows[new]
    once["count"] = np.add.reduceat(rows["count"], new)
    once["last"] = np.maximum.reduceat(rows["last"], new)
    return once
