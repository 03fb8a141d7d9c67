"""Chat models of a few kilobytes with random weights, as their makers publish them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from csc_dspy.huggingface.libraries import quiet

TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXTS = (
    "Customer: Where is my parcel? I want a refund now! Supporter: I am so sorry.",
    "客户：我的包裹在哪里？我现在就要退款！客服：非常抱歉。",
)
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def save_tokenizer(
    folder: Path, texts: Iterable[str] = TEXTS, *, template: str | None = TEMPLATE, size: int = 6_000
) -> int:
    """A byte-level vocabulary learned from texts; returns its size.

    Its tokens go beyond words, so that a prompt that is always the same is a few of them.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[*_SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=[*_SPECIAL[1:]],
    )
    fast.chat_template = template
    with quiet():
        fast.save_pretrained(folder)
    return len(fast)


def save_chat_model(
    folder: Path,
    texts: Iterable[str] = TEXTS,
    *,
    template: str | None = TEMPLATE,
    positions: int = 4_096,
    seed: int = 5,
) -> Path:
    """A Llama of two layers, 64 wide, and its tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    words = save_tokenizer(folder, texts, template=template)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=words,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=positions,
        # Tokens that are no more alike than those of real models.
        initializer_range=0.2,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
    )
    with quiet():
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder
