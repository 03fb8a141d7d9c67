"""Finding a response among those of fine-tuning rows: same language and strategy, likest conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from csc_dspy.conversations import detect_language
from csc_dspy.lm.embedded.features import CONVERSATION, features, vector
from csc_dspy.lm.embedded.names import canonical
from csc_dspy.lm.embedded.sparse import Rows
from csc_dspy.lm.embedded.transcript import read_transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from csc_dspy.lm.embedded.chat_rows import Row
    from csc_dspy.taxonomy import Language

STRATEGY: Final = "strategy"
RESPONSE: Final = "response"
# More choice than that makes answers slower, not better.
_MOST_OF_A_KIND: Final = 2000

Kind = tuple[str, str]
"""Language and strategy."""


@dataclass(frozen=True)
class Responses:
    """Responses with the features of the conversations that they were given in."""

    kinds: Sequence[Kind]
    texts: Sequence[str]
    rows: Rows

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Responses:
        """Those of fine-tuning rows, each text once a strategy, and of many only evenly spaced ones."""
        found: dict[Kind, dict[str, str]] = {}
        for row in rows:
            fields = {**row.inputs, **row.outputs}
            if RESPONSE in fields and STRATEGY in fields:
                kind = (detect_language(fields[RESPONSE]), canonical(fields[STRATEGY]))
                found.setdefault(kind, {}).setdefault(fields[RESPONSE], fields.get(CONVERSATION, ""))
        chosen = [
            (kind, text, conversation)
            for kind, texts in sorted(found.items())
            for text, conversation in _spaced(list(texts.items()))
        ]
        return cls(
            [kind for kind, _, _ in chosen],
            [text for _, text, _ in chosen],
            Rows.of(features({CONVERSATION: conversation}) for _, _, conversation in chosen),
        )

    def likest(self, language: Language, known: Mapping[str, str]) -> str | None:
        """The response to a conversation by the strategy that is known, which nobody has said in it yet."""
        places = self._places.get((language, canonical(known.get(STRATEGY, ""))))
        if places is None:
            return None
        said = {line.text for line in read_transcript(known.get(CONVERSATION, ""))}
        scores = self.rows.likeness(places, vector({CONVERSATION: known.get(CONVERSATION, "")}))
        order = (-scores).argsort(kind="stable")
        texts = (self.texts[place] for place in places[order])
        return next((text for text in texts if text not in said), None)

    @cached_property
    def _places(self) -> dict[Kind, NDArray[np.int64]]:
        import numpy as np

        places: dict[Kind, list[int]] = {}
        for place, kind in enumerate(self.kinds):
            places.setdefault(kind, []).append(place)
        return {kind: np.array(found, np.int64) for kind, found in places.items()}


def _spaced(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    step = max(len(found) / _MOST_OF_A_KIND, 1.0)
    return [found[int(number * step)] for number in range(min(len(found), _MOST_OF_A_KIND))]
