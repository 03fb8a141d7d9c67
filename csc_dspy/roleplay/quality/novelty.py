"""Whether a dialogue says anything that no earlier one has said, for a corpus of any size in little memory.

Near-duplicates are what `csc_dspy.data.near_duplicates` takes for such: the same pieces make up the smaller
dialogue. There all dialogues are known before the first question; here they come one by one, and the first
stays. So the index is a table in a temporary file, which grows with them, and memory does not.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from csc_dspy.conversations import Conversation
from csc_dspy.data.near_duplicates import THRESHOLD
from csc_dspy.data.pieces import FEWEST, folded_text, pieces, similarity
from csc_dspy.exceptions import OutputError
from csc_dspy.roleplay._base import Flaw

if TYPE_CHECKING:
    from csc_dspy.data.pieces import Pieces

_SKETCHED: Final = 2**32 // 8
"""Only pieces with a smaller hash are looked up: an eighth of all, the same for every dialogue."""
_CROWD: Final = 200
"""A piece is looked up in so many dialogues only. What more of them have is boilerplate."""
_TABLES: Final = """
create table dialogue (number integer primary key, name text, digest blob unique, pieces blob);
create table sketch (piece integer, dialogue integer, primary key (piece, dialogue)) without rowid;
pragma journal_mode = off;
pragma synchronous = off;
"""


class Novelty:
    """Knows the dialogues kept so far, and those of a reference; asked in the order of the tasks.

    Close it, or use it as a context manager: its file goes with it.
    """

    def __init__(self, reference: Iterable[Conversation] = (), threshold: float = THRESHOLD) -> None:
        self._threshold = threshold
        # Without a name SQLite makes a temporary file of its own, and removes it.
        self._index = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._index.executescript(_TABLES)
        for conversation in reference:
            self._add(conversation, f"{conversation.id or 'a dialogue'} of the reference")

    def __enter__(self) -> Novelty:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._index.close()

    def flaw(self, conversation: Conversation) -> Flaw | None:
        """What is wrong with it if an earlier one says nearly the same; else it is known from now on."""
        earlier = self._earlier(conversation)
        if earlier is not None:
            name, alike = earlier
            return Flaw("near_duplicate", f"{alike:.0%} of it is {name}")
        self._add(conversation, conversation.id or conversation.content_hash[:16])
        return None

    def _earlier(self, conversation: Conversation) -> tuple[str, float] | None:
        text = folded_text(conversation)
        same = self._index.execute("select name from dialogue where digest = ?", (_digest(text),)).fetchone()
        if same:
            return same[0], 1.0
        found = pieces(text)
        for number in self._candidates(found):
            name, stored = self._index.execute(
                "select name, pieces from dialogue where number = ?", (number,)
            ).fetchone()
            alike = similarity(found, _unpacked(stored))
            if alike >= self._threshold:
                return name, alike
        return None

    def _candidates(self, found: Pieces) -> list[int]:
        """Earlier dialogues that share enough of their sketches, most first."""
        sketch = _sketch(found)
        shared: Counter[int] = Counter()
        for piece in sketch:
            shared.update(
                number
                for (number,) in self._index.execute(
                    "select dialogue from sketch where piece = ? limit ?", (piece, _CROWD)
                )
            )
        # Sketches share a little more or less than the dialogues do, and the earlier may be the smaller one.
        fewest = min(len(sketch), FEWEST // 8) * self._threshold / 2
        return [number for number, count in shared.most_common() if count >= max(1, fewest)]

    def _add(self, conversation: Conversation, name: str) -> None:
        text = folded_text(conversation)
        found = pieces(text)
        try:
            added = self._index.execute(
                "insert or ignore into dialogue (name, digest, pieces) values (?, ?, ?)",
                (name, _digest(text), found.tobytes()),
            )
            if added.rowcount:
                rows = ((piece, added.lastrowid) for piece in _sketch(found))
                self._index.executemany("insert into sketch values (?, ?)", rows)
        except sqlite3.Error as error:
            raise OutputError(
                f"the index of dialogues cannot be written: {error}",
                remedy="free some space for temporary files, or name another folder in TMPDIR",
            ) from error


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def _sketch(found: Pieces) -> list[int]:
    """The pieces that are looked up; none of dialogues too small to compare."""
    return [int(piece) for piece in found[found < _SKETCHED]] if len(found) >= FEWEST else []


def _unpacked(stored: bytes) -> Pieces:
    import numpy as np

    return np.frombuffer(stored, dtype=np.uint32)
