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
        """All of them; none may be appended afterwards."""
        import numpy as np

        # Not copied: of a hundred thousand rows these are hundreds of megabytes.
        return Rows(
            np.frombuffer(self._starts, np.int64),
            np.frombuffer(self._places, np.int32) if self._places else np.zeros(0, np.int32),
            np.frombuffer(self._shares, np.float32) if self._shares else np.zeros(0, np.float32),
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

    def some(self, chosen: NDArray[Any]) -> Rows:
        """Some of the rows, in that order."""
        import numpy as np

        found = self._found(chosen)
        counts = (self.starts[1:] - self.starts[:-1])[chosen]
        return Rows(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), self.places[found], self.shares[found]
        )

    def times(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """The product with a matrix that has a row for each place."""
        import numpy as np

        product = np.zeros((len(self), weights.shape[1]), np.float32)
        filled = np.flatnonzero(self.starts[1:] > self.starts[:-1])
        if len(filled):
            terms = weights[self.places] * self.shares[:, None]
            product[filled] = np.add.reduceat(terms, self.starts[filled], axis=0)
        return product

    def add_transposed(self, errors: NDArray[np.float32], total: NDArray[np.float32]) -> None:
        """Add the product of the transpose with ``errors``, which has a row for each row, to ``total``."""
        import numpy as np

        if not len(self.places):
            return
        # Numbers of two bytes are sorted by their digits, several times as fast.
        small = len(total) <= np.iinfo(np.uint16).max
        order = np.argsort(self.places.astype(np.uint16) if small else self.places, kind="stable")
        places = self.places[order]
        numbers = np.repeat(np.arange(len(self)), self.starts[1:] - self.starts[:-1])[order]
        begins = np.flatnonzero(np.concatenate([[True], places[1:] != places[:-1]]))
        terms = errors[numbers] * self.shares[order][:, None]
        total[places[begins]] += np.add.reduceat(terms, begins, axis=0)

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
