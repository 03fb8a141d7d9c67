"""Models and tokenizers out of folders; only complete models, and none of their code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.huggingface.libraries import explained
from csc_dspy.lm.local.checkpoints import Checkpoint

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_MISSING_TOLD: Final = 3


def load_tokenizer(checkpoint: Checkpoint, chat_template: str | None = None) -> PreTrainedTokenizerBase:
    """The tokenizer of a model, with a chat template: its own unless one is given."""
    from transformers import AutoTokenizer

    with explained(checkpoint.where):
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint.tokenizer, trust_remote_code=False, local_files_only=True
        )
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    if not tokenizer.chat_template:
        raise ConfigError(
            "its tokenizer has no chat template",
            where=checkpoint.where,
            remedy="name a model that was made for chats, or give its template with --chat-template FILE",
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return tokenizer


def load_model(checkpoint: Checkpoint, dtype: torch.dtype, device: str) -> PreTrainedModel:
    """A causal language model on a device, its adapter on top."""
    model = load_base(checkpoint, dtype)
    with explained(checkpoint.where):
        if checkpoint.adapter is not None:
            from peft import PeftModel

            # Into the weights: what an adapter adds is computed once, and not at every token.
            model = PeftModel.from_pretrained(model, checkpoint.adapter).merge_and_unload()
        return model.to(device).eval()


def load_base(checkpoint: Checkpoint, dtype: torch.dtype) -> PreTrainedModel:
    """A causal language model without its adapter, where the processor reaches it."""
    from transformers import AutoModelForCausalLM

    with explained(checkpoint.where):
        model, found = AutoModelForCausalLM.from_pretrained(
            checkpoint.folder,
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            dtype=dtype,
            output_loading_info=True,
        )
    _require_complete(model, found, checkpoint.where)
    return model


def best_dtype(device: str) -> torch.dtype:
    """Of weights that are only read: half the memory where the device computes with it."""
    import torch

    if device != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _require_complete(model: PreTrainedModel, found: dict[str, Any], where: str) -> None:
    # The library would make these up at random.
    missing = sorted(found["missing_keys"])
    if missing or found["mismatched_keys"]:
        listed = ", ".join(missing[:_MISSING_TOLD]) or "their shapes differ"
        raise ConfigError(f"its weights are not those of a {type(model).__name__}: {listed}", where=where)
