"""A trained model as a folder: weights as safetensors, its tokenizer, and how it was made. No pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.finetuning.huggingface.base import Base
from csc_dspy.huggingface.libraries import TRAINING as LIBRARIES
from csc_dspy.lm.local.checkpoints import TRAINING

if TYPE_CHECKING:
    from transformers import Trainer

_README: Final = "README.md"


def save_weights(trainer: Trainer, base: Base, folder: Path) -> None:
    """Write an adapter, or all weights, and the tokenizer."""
    model: Any = trainer.accelerator.unwrap_model(trainer.model)
    adapters = getattr(model, "peft_config", None)
    if adapters:
        # Not the place where the hub's models are kept on this machine, but what finds them on any.
        adapters["default"].base_model_name_or_path, adapters["default"].revision = base.source
    # The embeddings stay: asking whether they do would go to the hub.
    model.save_pretrained(folder, **({"save_embedding_layers": False} if adapters else {}))
    base.chat.tokenizer.save_pretrained(folder)


def save_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write what there is to know of the model, with a hash of every file beside it."""
    (folder / _README).write_text(_readme(manifest), encoding="utf-8")
    files = {path.name: hash_of(path) for path in sorted(folder.iterdir()) if path.is_file()}
    versions = {name: version(name) for name in LIBRARIES}
    text = json.dumps({**manifest, "versions": versions, "files": files}, ensure_ascii=False, indent=2)
    (folder / TRAINING).write_text(f"{text}\n", encoding="utf-8")


def hash_of(path: Path) -> str:
    """Of what is in a file."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while piece := stream.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def _readme(manifest: Mapping[str, Any]) -> str:
    made = "An adapter on" if manifest["form"] == "adapter" else "All weights of"
    return (
        f"# {manifest['model'].partition(':')[2]}\n\n"
        f"{made} {manifest['base']}, fine-tuned by csc-dspy on {manifest['rows']:,} rows in "
        f"{manifest['steps']:,} steps; `{TRAINING}` says how.\n\n"
        f"Use it where the folder is: `csc-dspy evaluate … --lm {manifest['model']}`.\n"
    )
