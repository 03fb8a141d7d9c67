"""Many demonstrations, of which each question shows the nearest: a pool that is saved with the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dspy.predict.parameter import Parameter

from csc_dspy.exceptions import ArtifactError
from csc_dspy.lm.embedded.features import CONVERSATION, SIZE, TURN, features
from csc_dspy.lm.embedded.sparse import Rows
from csc_dspy.lm.embedded.transcript import read_transcript

if TYPE_CHECKING:
    import dspy
    import numpy as np
    from numpy.typing import NDArray

Demonstrations = Mapping[str, Sequence[Mapping[str, str]]]
"""By the name of the predictor that they are for."""

_REMEDY: Final = "compile it again"
# Below what sums in another order, on another machine, differ by.
_DIGITS: Final = 5


class Pool(Parameter):
    """Demonstrations for each predictor, and how many of them a question shows.

    Likeness is that of the characters and words last said, of the strategies so far and of all other inputs.
    """

    def __init__(self, demonstrations: Demonstrations | None = None, shown: int = 8) -> None:
        self.shown = shown
        self.demonstrations: Demonstrations = demonstrations or {}
        self._indexes: dict[str, _Index] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Pool:
        # What is in it never changes, and copying thousands of demonstrations takes time.
        return Pool(self.demonstrations, self.shown)

    def nearest(
        self, predictor: str, inputs: Mapping[str, str], names: Sequence[str]
    ) -> list[Mapping[str, str]]:
        """The demonstrations most like ``inputs``, the nearest last: there it is next to the question.

        ``names`` are those of the fields to compare.
        """
        pool = self.demonstrations.get(predictor)
        if not pool:
            return []
        if predictor not in self._indexes:
            # Threads that come here at once make the same index.
            self._indexes[predictor] = _Index.of(pool, names)
        order = self._indexes[predictor].order({name: inputs[name] for name in names if name in inputs})
        return [pool[place] for place in order[: self.shown][::-1]]

    def without(self, predictor: str, left_out: Sequence[Mapping[str, str]]) -> Pool:
        """The pool without some of the demonstrations for a predictor."""
        kept = [each for each in self.demonstrations.get(predictor, ()) if each not in left_out]
        return Pool({**self.demonstrations, predictor: kept}, self.shown)

    def require_fit(self, predictors: Mapping[str, dspy.Predict]) -> None:
        """ArtifactError unless every demonstration answers what its predictor is asked."""
        for name, pool in self.demonstrations.items():
            if name not in predictors:
                raise ArtifactError(
                    f"the pool has demonstrations for {name!r}, which is not there", remedy=_REMEDY
                )
            signature = predictors[name].signature
            for number, demonstration in enumerate(pool, 1):
                _require_fields(f"demonstration {number} for {name!r}", demonstration, signature)

    def dump_state(self, **_: object) -> dict[str, Any]:
        """Plain data, as DSPy saves it with the program."""
        pools = {name: [dict(each) for each in pool] for name, pool in self.demonstrations.items()}
        return {"shown": self.shown, "demonstrations": pools}

    def load_state(self, state: Mapping[str, Any], **_: object) -> Pool:
        """Take over what `dump_state` wrote; ArtifactError if it is not of that form."""
        match state:
            case {"shown": int(shown), "demonstrations": dict(pools)} if shown > 0 and _are_texts(pools):
                self.shown, self.demonstrations, self._indexes = shown, pools, {}
                return self
        raise ArtifactError("the pool of demonstrations is not in its form", remedy=_REMEDY)

    def reset(self) -> None:
        """Forget all, as DSPy asks of parameters when it starts over from an uncompiled program."""
        self.demonstrations, self._indexes = {}, {}


@dataclass(frozen=True, slots=True)
class _Index:
    """The features of all demonstrations, one after the other; what few of them have counts more."""

    rows: Rows
    rarity: NDArray[Any]
    """How much each feature counts, squared, because it counts on both sides."""
    norms: NDArray[Any]

    @classmethod
    def of(cls, pool: Sequence[Mapping[str, str]], names: Sequence[str]) -> _Index:
        """The index of a pool by the fields called ``names``."""
        import numpy as np

        rows = Rows.of(_features({name: each[name] for name in names if name in each}) for each in pool)
        rarity = np.log1p(len(rows) / np.maximum(np.bincount(rows.places, minlength=SIZE), 1)) ** 2
        squares = rows.shares.astype(np.float64) ** 2 * rarity[rows.places]
        return cls(rows, rarity, np.add.reduceat(squares, rows.starts[:-1]) ** 0.5)

    def order(self, inputs: Mapping[str, str]) -> NDArray[np.int64]:
        """The places of the demonstrations, the most alike first; of equal ones the earlier."""
        import numpy as np

        wanted = np.zeros(SIZE)
        found = _features(inputs)
        wanted[list(found)] = list(found.values())
        products = (wanted * self.rarity)[self.rows.places] * self.rows.shares
        likeness = np.add.reduceat(products, self.rows.starts[:-1]) / self.norms
        return np.argsort(-likeness.round(_DIGITS), kind="stable")


def _features(inputs: Mapping[str, str]) -> dict[int, float]:
    """Those of the engine, with what was said last counting by its characters too."""
    if TURN not in inputs:
        lines = read_transcript(inputs.get(CONVERSATION, ""))
        inputs = {**inputs, TURN: lines[-1].text if lines else ""}
    return features(inputs)


def _are_texts(pools: Mapping[str, Any]) -> bool:
    return all(
        isinstance(pool, list)
        and all(isinstance(each, dict) and all(isinstance(v, str) for v in each.values()) for each in pool)
        for pool in pools.values()
    )


def _require_fields(what: str, demonstration: Mapping[str, str], signature: type[dspy.Signature]) -> None:
    from csc_dspy.signatures import labels_of

    for name, value in demonstration.items():
        field = signature.fields.get(name)
        if field is None:
            raise ArtifactError(f"{what} has the field {name!r}, which is not asked", remedy=_REMEDY)
        labels = labels_of(field)
        if labels is not None and value not in labels.names:
            raise ArtifactError(f"{what} has a {name} that is not allowed", remedy=_REMEDY)
