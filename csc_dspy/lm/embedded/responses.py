"""Finding a response among those of fine-tuning rows: same language and strategy, likest conversation."""

from __future__ import annotations

import hashlib
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
        """Those of fine-tuning rows; see `Collection`."""
        found = Collection()
        for row in rows:
            found.add(row)
        return found.responses()

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


class Collection:
    """Responses of rows, each text once a strategy, and of many only evenly spaced ones.

    Its memory has a bound, but for a few bytes for each text that has been seen.
    """

    def __init__(self) -> None:
        self._kinds: dict[Kind, _Spaced] = {}

    def add(self, row: Row) -> None:
        """Keep the response of a row, if it has one."""
        fields = {**row.inputs, **row.outputs}
        if RESPONSE in fields and STRATEGY in fields:
            kind = (detect_language(fields[RESPONSE]), canonical(fields[STRATEGY]))
            self._kinds.setdefault(kind, _Spaced()).add(fields[RESPONSE], fields.get(CONVERSATION, ""))

    def responses(self) -> Responses:
        """All that are kept."""
        chosen = [
            (kind, text, conversation)
            for kind, texts in sorted(self._kinds.items(), key=lambda each: each[0])
            for text, conversation in texts.chosen()
        ]
        return Responses(
            [kind for kind, _, _ in chosen],
            [text for _, text, _ in chosen],
            Rows.of(features({CONVERSATION: conversation}) for _, _, conversation in chosen),
        )


class _Spaced:
    """Every so many of the different texts, with the conversations before them."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._kept: list[tuple[str, str]] = []
        self._step = 1

    def add(self, text: str, conversation: str) -> None:
        content = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if content in self._seen:
            return
        number = len(self._seen)
        self._seen.add(content)
        if number % self._step:
            return
        self._kept.append((text, conversation))
        if len(self._kept) > 2 * _MOST_OF_A_KIND:
            self._kept = self._kept[::2]
            self._step *= 2

    def chosen(self) -> list[tuple[str, str]]:
        step = max(len(self._kept) / _MOST_OF_A_KIND, 1.0)
        return [self._kept[int(number * step)] for number in range(min(len(self._kept), _MOST_OF_A_KIND))]
