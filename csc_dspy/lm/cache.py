"""Answers that were given before, kept on disk: JSON in one SQLite file, never pickles.

Answers are looked up at once and written a little later, many in one transaction, by a thread of the cache's
own: what is lost when the process is killed are the last moments, never the file. Several processes may share
the folder.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.folders import private_folder

if TYPE_CHECKING:
    from dspy.lm15 import Request, Response

FORMAT: Final = 1
"""Of keys and of stored answers; a file of another format is begun anew."""
FILE: Final = "responses.sqlite"
GIGABYTE: Final = 2**30

_SECONDS_BETWEEN_WRITES: Final = 0.5
_ROWS_IN_A_WRITE: Final = 256
_SECONDS_FOR_A_LOCK: Final = 10.0
_SHARE_TO_DROP: Final = 0.1
"""How much of the oldest goes when the file is full."""


def key_of(fingerprint: str, request: Request) -> bytes:
    """What an answer is kept under: everything that it depends on."""
    # lm15 has no public name for this.
    from dspy._vendor.lm15.serde import request_to_dict

    content = [FORMAT, fingerprint, request_to_dict(request)]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class ResponseCache:
    """The answers in one folder. Safe under threads, tasks, processes and forks.

    Raises ConfigError if the folder cannot be used. Later troubles with it are told once in the log and cost
    answers kept, never the run.
    """

    def __init__(self, folder: Path, *, size_limit: int = GIGABYTE) -> None:
        self.folder = folder
        self._size_limit = size_limit
        private_folder(folder)
        self._begin()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._begin)

    def get(self, key: bytes) -> Response | None:
        """The answer kept under ``key``, if there is one."""
        ...
