"""Where a model is: in a folder, or on the hub and then in a folder. Pickled weights are never loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.huggingface.hub import downloaded

_WEIGHTS: Final = "*.safetensors"
_PICKLED: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_TOKENIZERS: Final = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
_TEXTS: Final = ("*.json", "*.txt", "*.model")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on this machine."""

    name: str
    """As it was asked for."""
    folder: Path
    identity: str
    """Changes with the model: scores are kept under it."""

    @property
    def config(self) -> dict[str, Any]:
        """What ``config.json`` says."""
        try:
            read = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError("its config.json cannot be read", where=self.name) from error
        if not isinstance(read, dict):
            raise ConfigError("its config.json is no configuration of a model", where=self.name)
        return read


def find_checkpoint(model: str, variable: str) -> Checkpoint:
    """The model of a folder, or of a repository on the hub as ``OWNER/NAME`` or ``OWNER/NAME@REVISION``.

    ``variable`` is the environment variable that messages tell to set. Raises ConfigError for a model that
    is not there, or not complete.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        _check_complete(model, folder, variable)
        return Checkpoint(model, folder, _fingerprint(folder))
    folder = downloaded(model, model, (_WEIGHTS, *_TEXTS), remedy=f"set {variable} to its folder")
    _check_complete(model, folder, variable)
    # What the hub has is kept by commits.
    return Checkpoint(model, folder, f"{model.partition('@')[0]}@{folder.name}")


def _check_complete(model: str, folder: Path, variable: str) -> None:
    if not (folder / "config.json").is_file():
        raise ConfigError("is no model: it has no config.json", where=model, remedy=f"check {variable}")
    if not any(folder.glob(_WEIGHTS)):
        raise ConfigError(
            "its weights are pickled, and loading those could run code"
            if _has(folder, _PICKLED)
            else "has no weights",
            where=model,
            remedy=f"set {variable} to a folder, or a revision on the hub, with weights as safetensors",
        )
    if not _has(folder, _TOKENIZERS):
        raise ConfigError(
            "has no tokenizer", where=model, remedy="save it beside the model, as tokenizer.json or vocab.txt"
        )


def _has(folder: Path, patterns: tuple[str, ...]) -> bool:
    return any(any(folder.glob(pattern)) for pattern in patterns)


def _fingerprint(folder: Path) -> str:
    """Of the content of small files; of weights, which are gigabytes, their sizes and times."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _TEXTS for path in folder.glob(pattern)):
        digest.update(f"{path.name}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for path in sorted(folder.glob(_WEIGHTS)):
        found = path.stat()
        digest.update(f"{path.name}\n{found.st_size}\n{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
