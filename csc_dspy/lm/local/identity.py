"""What tells a model from others: a hash of what its files hold, wherever they lie."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.huggingface.hub import WANTED

_NOT_THE_MODEL: Final = frozenset({"training.json"})
"""It tells of times, which no answer depends on."""
_WHOLE: Final = 64 * 2**20
_PIECE: Final = 2**20
_PIECES: Final = 64
_LETTERS: Final = 32


def content_hash(folder: Path) -> str:
    """Of a model's files. Of large ones, which take minutes to read, 64 pieces from end to end."""
    digest = hashlib.sha256()
    try:
        for path in sorted({path for pattern in WANTED for path in folder.glob(pattern)}):
            if path.name not in _NOT_THE_MODEL:
                digest.update(f"{path.name} {path.stat().st_size}\n".encode())
                for piece in _pieces(path):
                    digest.update(piece)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(folder)) from error
    return digest.hexdigest()[:_LETTERS]


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size <= _WHOLE:
            yield stream.read()
            return
        for place in range(_PIECES):
            stream.seek((size - _PIECE) * place // (_PIECES - 1))
            yield stream.read(_PIECE)
