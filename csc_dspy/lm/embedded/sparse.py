"""Many rows of features, each with few of them: the usual compressed form."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class GrowingRows:
    """Rows to be, in a tenth of the room that dictionaries would take."""

    def __init__(self) -> None:
        self._starts, self._places, self._shares = array("q", [0]), array("i"), array("f")

    def append(self, row: Mapping[int, float]) -> None:
        """Add the features of one row."""
        self._places.extend(row)
        self._shares.extend(row.values())
        self._starts.append(len(self._places))

    def rows(self) -> Rows:
        """All of them."""
        import numpy as np

        return Rows(
            np.array(self._starts, np.int64),
            np.array(self._places, np.int32),
            np.array(self._shares, np.float32),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """The features of row ``i`` are at ``places[starts[i]:starts[i + 1]]``, and count ``shares`` there."""

    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    shares: NDArray[np.float32]

    @classmethod
    def of(cls, rows: Iterable[Mapping[int, float]]) -> Rows:
        """Rows from the features of each."""
        growing = GrowingRows()
        for row in rows:
            growing.append(row)
        return growing.rows()

    def __len__(self) -> int:
        return len(self.starts) - 1

    def dense(self, chosen: NDArray[Any], width: int) -> NDArray[np.float32]:
        """Some of the rows, written out in ``width`` columns."""
        import numpy as np

        found = self._found(chosen)
        counts = (self.starts[1:] - self.starts[:-1])[chosen]
        dense = np.zeros((len(chosen), width), np.float32)
        dense[np.repeat(np.arange(len(chosen)), counts), self.places[found]] = self.shares[found]
        return dense

    def likeness(self, chosen: NDArray[Any], wanted: NDArray[Any]) -> NDArray[Any]:
        """The product of each chosen row with a dense vector."""
        import numpy as np

        counts = (self.starts[1:] - self.starts[:-1])[chosen]
        found = self._found(chosen)
        rows = np.repeat(np.arange(len(chosen)), counts)
        return np.bincount(rows, wanted[self.places[found]] * self.shares[found], minlength=len(chosen))

    def _found(self, chosen: NDArray[Any]) -> NDArray[Any]:
        """Where the features of the chosen rows are, one row after the other."""
        import numpy as np

        begins, ends = self.starts[chosen], self.starts[chosen + 1]
        counts = ends - begins
        before = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        return np.repeat(begins - before, counts) + np.arange(int(counts.sum()))
