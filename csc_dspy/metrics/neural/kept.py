"""Scores that were computed before, kept on disk as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.folders import cache_folder, private_folder

if TYPE_CHECKING:
    from csc_dspy.stores import JSONStore

FORMAT: Final = 1
"""Of keys; each has a folder of its own."""

Pair = tuple[str, str]
"""A response and its reference."""


class KeptScores:
    """Scores by what they depend on. Trouble with the file is told once, and then nothing is kept."""

    def __init__(self) -> None:
        self._usable = True

    @contextmanager
    def opened(self, identity: str) -> Iterator[Scores]:
        """The scores of one scorer, whose ``identity`` is all that they depend on besides the texts."""
        store = self._open()
        if store is None:
            yield Scores(identity, None)
            return
        with closing(store):
            yield Scores(identity, store)

    def _open(self) -> JSONStore | None:
        if not self._usable:
            return None
        from csc_dspy.stores import JSONStore

        folder = cache_folder()
        try:
            private_folder(folder)
            return JSONStore(folder / f"neural-scores-{FORMAT}")
        except ConfigError as error:
            from csc_dspy.logs import logger

            self._usable = False
            logger.warning("neural scores are not kept: {}", error)
            return None


class Scores:
    """What `KeptScores` opens."""

    def __init__(self, identity: str, store: JSONStore | None) -> None:
        self._identity = identity
        self._store = store

    def get(self, pair: Pair) -> float | None:
        """The score of a pair, if it is kept."""
        if self._store is None:
            return None
        try:
            value = self._store.get(self._key(pair))
        except ConfigError as error:
            self._give_up(error)
            return None
        # Anything else was not put there by this class.
        return value if isinstance(value, float) else None

    def put(self, scores: Mapping[Pair, float]) -> None:
        """Keep scores, all or none."""
        if self._store is None:
            return
        try:
            self._store.put({self._key(pair): float(score) for pair, score in scores.items()})
        except ConfigError as error:
            self._give_up(error)

    def _key(self, pair: Pair) -> bytes:
        content = json.dumps([FORMAT, self._identity, *pair], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()

    def _give_up(self, error: ConfigError) -> None:
        from csc_dspy.logs import logger

        self._store = None
        logger.warning("neural scores are not kept for a while: {}", error)
