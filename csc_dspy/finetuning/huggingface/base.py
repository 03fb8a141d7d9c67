"""The model that is fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning.huggingface.options import HFOptions
from csc_dspy.lm.local.chat import Chat
from csc_dspy.lm.local.checkpoints import Checkpoint, find_checkpoint
from csc_dspy.lm.local.loading import load_tokenizer
from csc_dspy.lm.specs import LOCAL


@dataclass(frozen=True, slots=True)
class Base:
    """A model and how it is talked to."""

    name: str
    """As it was asked for."""
    checkpoint: Checkpoint
    chat: Chat

    @property
    def told(self) -> str:
        """Its name without places on this machine."""
        return self.checkpoint.folder.name if self.is_folder else self.name

    @property
    def is_folder(self) -> bool:
        """Whether it is not from the hub."""
        return "@" not in self.checkpoint.identity

    @property
    def source(self) -> tuple[str, str | None]:
        """What its adapter finds it by: a folder, or its name and revision on the hub."""
        if self.is_folder:
            return str(self.checkpoint.folder), None
        name, _, revision = self.checkpoint.identity.rpartition("@")
        return name, revision


def find_base(name: str, options: HFOptions, *, weights: bool = True) -> Base:
    """A model to fine-tune; without ``weights`` these need not be there. ConfigError if it is of no use."""
    where = f"--lm {LOCAL}{name}"
    checkpoint = find_checkpoint(name, where, weights=weights)
    if checkpoint.adapter is not None:
        raise ConfigError("is an adapter already", where=where, remedy="name its base model")
    tokenizer = load_tokenizer(checkpoint, options.template())
    return Base(name, checkpoint, Chat(tokenizer, where))
