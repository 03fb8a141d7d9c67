"""How much there is to learn with: parameters, counted without loading any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from csc_dspy.huggingface.libraries import explained
from csc_dspy.lm.local.checkpoints import Checkpoint

if TYPE_CHECKING:
    from peft import LoraConfig

    from csc_dspy.finetuning.huggingface.options import HFOptions


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of a model, as its configuration says."""

    parameters: int
    """An adapter's included."""
    trainable: int
    layers: int
    width: int
    words: int
    """Tokens that it knows."""


def measure_model(checkpoint: Checkpoint, options: HFOptions) -> Sizes:
    """The sizes of a model that is to be fine-tuned; its weights may be elsewhere."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with explained(checkpoint.where), torch.device("meta"):
        config = AutoConfig.from_pretrained(checkpoint.folder, trust_remote_code=False, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
        if not options.full:
            from peft import get_peft_model

            model = get_peft_model(model, lora(options))
    counts = [(each.numel(), each.requires_grad) for each in model.parameters()]
    text = config.get_text_config()
    return Sizes(
        parameters=sum(count for count, _ in counts),
        trainable=sum(count for count, learns in counts if learns),
        layers=text.num_hidden_layers,
        width=text.hidden_size,
        words=text.vocab_size,
    )


def lora(options: HFOptions) -> LoraConfig:
    """An adapter on every linear layer but the last."""
    from peft import LoraConfig

    return LoraConfig(
        r=options.rank,
        lora_alpha=2 * options.rank,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
