"""The rows that are trained on, and what tells them from others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csc_dspy.compiled.manifest import MANIFEST_FILE, read_json
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.finetuning.huggingface.lessons import find_data, read_lessons

_PIECE = 2**20
_AGAIN = "export it again"


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Rows in files; nothing of them is held in memory."""

    path: Path
    """As it was given: an export folder, or a file."""
    train: Path
    validation: Path | None
    fingerprint: str
    """A hash of the files."""
    lines: int
    """About how many rows there are to train on."""

    def to_dict(self) -> dict[str, Any]:
        """What a manifest says of them, without the folders of this machine."""
        return {"source": self.path.resolve().name, "fingerprint": self.fingerprint}

    def rows(self, file: Path | None = None) -> Iterator[dict[str, Any]]:
        """Questions with their answers as chat messages; DataError at the first that is none."""
        file = file or self.train
        for lesson in read_lessons(file):
            if lesson.rejected is not None:
                raise ConfigError(
                    "holds preference pairs, which only models of Hugging Face learn from",
                    where=str(file),
                    remedy="export rows without --pairs, or train with --lm hf:PATH",
                )
            yield {"messages": [*lesson.messages, {"role": "assistant", "content": lesson.answer}]}


def open_data(path: Path) -> TrainingData:
    """The rows of an export folder or of a file; DataError if there are none, or if files were changed."""
    found = find_data(path)
    hashes: dict[Path, str] = {}
    lines = 0
    for file in found.files:
        hashes[file], count = _read_through(file)
        lines = lines or count
    if found.folder is not None and (found.folder / MANIFEST_FILE).is_file():
        _require_unchanged(found.folder, hashes)
    whole = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()
    return TrainingData(path, found.train, found.validation, whole[:32], lines)


def _read_through(file: Path) -> tuple[str, int]:
    """The hash of a file, and how many lines it has."""
    digest, lines, last = hashlib.sha256(), 0, b"\n"
    try:
        with file.open("rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
                lines += piece.count(b"\n")
                last = piece
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(file)) from error
    return digest.hexdigest(), lines + (not last.endswith(b"\n"))


def _require_unchanged(folder: Path, hashes: dict[Path, str]) -> None:
    written = read_json(folder / MANIFEST_FILE).get("files", {})
    for file, found in hashes.items():
        if isinstance(written, dict) and written.get(file.name, found) != found:
            raise DataError("is not what was exported", where=str(file), remedy=_AGAIN)
