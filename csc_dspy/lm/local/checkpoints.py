"""Where a model is: in a folder, or on the hub and then in a folder; whole, or an adapter on its base."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.huggingface.hub import TEXTS, WANTED, downloaded
from csc_dspy.lm.local.identity import content_hash

CONFIG: Final = "config.json"
ADAPTER: Final = "adapter_config.json"
TRAINING: Final = "training.json"
"""What fine-tuning writes beside a model about how it was made."""
BASE: Final = "base_model_name_or_path"

_WEIGHTS: Final = "*.safetensors"
_PICKLED: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_TOKENIZERS: Final = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on this machine."""

    where: str
    """As errors name it."""
    folder: Path
    """Where its whole weights are."""
    identity: str
    """Changes with the model, its adapter included."""
    adapter: Path | None = None

    @property
    def config(self) -> dict[str, Any]:
        """What ``config.json`` says."""
        return _read(self.folder / CONFIG, self.where)

    @property
    def tokenizer(self) -> Path:
        """The folder of its tokenizer: an adapter has one where it was trained with another than its base."""
        return self.adapter if self.adapter and _has(self.adapter, _TOKENIZERS) else self.folder


def find_checkpoint(model: str, where: str, *, weights: bool = True) -> Checkpoint:
    """The model of a folder, or of a repository on the hub as ``OWNER/NAME`` or ``OWNER/NAME@REVISION``.

    ConfigError, with ``where``, for one that is not there, or not complete. Without ``weights`` it needs
    none, and none are downloaded.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        folder, identity = folder.resolve(), content_hash(folder)
    else:
        _refuse_missing_path(model, where)
        folder = downloaded(model, where, TEXTS if not weights else WANTED)
        # What the hub has is kept by commits.
        identity = f"{model.partition('@')[0]}@{folder.name}"
    _require_complete(folder, where, weights=weights)
    if (folder / ADAPTER).is_file():
        return _adapted(folder, identity, where)
    return _whole(folder, identity, where)


def _refuse_missing_path(model: str, where: str) -> None:
    if model.startswith(("/", "~", ".")) or Path(model).exists():
        raise ConfigError("there is no such folder", where=where, remedy="name the folder of a model")


def _whole(folder: Path, identity: str, where: str) -> Checkpoint:
    if not _has(folder, _TOKENIZERS):
        raise ConfigError(
            "has no tokenizer", where=where, remedy="save it beside the model, as tokenizer.json"
        )
    return Checkpoint(where, folder, identity)


def _adapted(folder: Path, identity: str, where: str) -> Checkpoint:
    config = _read(folder / ADAPTER, where)
    base = str(config.get(BASE) or "")
    revision = config.get("revision")
    # Both folders may have been moved together.
    beside = folder.parent / Path(base).name
    moved = not Path(base).is_dir() and beside.is_dir()
    named = str(beside) if moved else f"{base}@{revision}" if revision and not Path(base).is_dir() else base
    found = find_checkpoint(named, f"{where}, its base model {Path(base).name}")
    if found.adapter is not None:
        raise ConfigError("is an adapter on an adapter", where=where, remedy="merge one of them first")
    _require_same_base(folder, found, where)
    return Checkpoint(where, found.folder, f"{identity} on {found.identity}", folder)


def _require_same_base(adapter: Path, base: Checkpoint, where: str) -> None:
    told = _read(adapter / TRAINING, where) if (adapter / TRAINING).is_file() else {}
    if told.get("base_identity", base.identity) != base.identity:
        raise ConfigError(
            "its base model is not the one that it was trained on", where=where, remedy="put that one back"
        )


def _require_complete(folder: Path, where: str, *, weights: bool) -> None:
    if not any((folder / name).is_file() for name in (CONFIG, ADAPTER)):
        raise ConfigError(f"is no model: it has neither {CONFIG} nor {ADAPTER}", where=where)
    if not weights or any(folder.glob(_WEIGHTS)):
        return
    pickled = "its weights are pickled, and loading those could run code"
    raise ConfigError(
        pickled if _has(folder, _PICKLED) else "has no weights",
        where=where,
        remedy="name a folder, or a revision on the hub, with weights as safetensors",
    )


def _has(folder: Path, patterns: tuple[str, ...]) -> bool:
    return any(any(folder.glob(pattern)) for pattern in patterns)


def _read(file: Path, where: str) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"its {file.name} cannot be read", where=where) from error
    if not isinstance(read, dict):
        raise ConfigError(f"its {file.name} is not what it should be", where=where)
    return read
