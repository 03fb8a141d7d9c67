"""Models of a few kilobytes, as their makers publish them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from csc_dspy.huggingface.libraries import quiet
from csc_dspy.metrics.neural.kept import Pair

PAIRS: list[Pair] = [
    ("您好，请问有什么可以帮您？", "您好，请讲。"),
    ("Hello, how can I help you?", "Hello! What can I do for you?"),
    ("好", "请问您的手机号是多少，我帮您查一下您的卡"),
    ("Your card was blocked, 请您先别急", "Your card is fine"),
    ("card " * 70, "hello your card " * 40),
    ("未知的字 and unknownwords", "好 unknown"),
]
"""Of both languages, short and long, longer than the models can read, and with words they do not know."""

_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_CHARACTERS = "您好请问有什么可以帮讲的手机号是多少我查一下卡先别急，。？！"
_WORDS = ["hello", "how", "can", "i", "help", "you", "what", "do", "for", "your", "card", "was"]
_PARTS = [*"abc!?,", "blocked", "is", "fine", "un", "##known", "##s"]


def save_bert(folder: Path, *, layers: int = 2, outputs: int = 0, seed: int = 5) -> Path:
    """A BERT with random weights and its tokenizer; with ``outputs``, a head that gives as many numbers."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizer

    vocabulary = [*_SPECIAL, *_CHARACTERS, *_WORDS, *_PARTS]
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
        # Tokens that are no more alike than those of real models.
        initializer_range=0.3,
        num_labels=outputs or 2,
    )
    with quiet():
        (BertForSequenceClassification if outputs else BertModel)(config).save_pretrained(folder)
        tokens = {token: place for place, token in enumerate(vocabulary)}
        BertTokenizer(vocab=tokens, model_max_length=64).save_pretrained(folder)
    return folder


@contextmanager
def batches_read() -> Iterator[list[int]]:
    """The sizes of all batches that models read meanwhile."""
    import torch
    from transformers import PreTrainedModel

    sizes: list[int] = []

    def note(module: object, _inputs: object, output: object) -> None:
        if isinstance(module, PreTrainedModel) and module.base_model is module:
            sizes.append(len(output[0]))  # type: ignore[index]

    handle = torch.nn.modules.module.register_module_forward_hook(note)
    try:
        yield sizes
    finally:
        handle.remove()


def save_roberta(folder: Path) -> Path:
    """A RoBERTa, whose tokenizer works on bytes and takes a space for part of the word behind it."""
    import torch
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *"abcdefghijklmnopqrstuvwxyzĠ"]
    merges = [("Ġ", "h"), ("Ġ", "c"), ("Ġ", "y"), ("a", "r"), ("l", "l")]
    pieces += ["".join(merge) for merge in merges]
    torch.manual_seed(5)
    config = RobertaConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=66,
        initializer_range=0.3,
    )
    with quiet():
        RobertaModel(config).save_pretrained(folder)
        vocabulary = {piece: place for place, piece in enumerate(pieces)}
        RobertaTokenizer(vocab=vocabulary, merges=merges, add_prefix_space=False).save_pretrained(folder)
    return folder


def save_port(folder: Path, marks: Sequence[str] = ("[CLS]", "[SEP]")) -> tuple[Path, Path]:
    """BLEURT-20 as it is published, in small, and the same weights as the RemBERT that it is."""
    import json

    import sentencepiece
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import RemBertConfig, RemBertForSequenceClassification

    port, original = folder / "port", folder / "original"
    port.mkdir()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for pair in PAIRS for text in pair]),
        model_prefix=str(port / "spm"),
        vocab_size=90,
        hard_vocab_limit=False,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        pad_piece="[PAD]",
        unk_piece="[UNK]",
        control_symbols=[*marks],
        minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(port / "spm.model"))
    torch.manual_seed(5)
    shape = {
        "vocab_size": len(pieces),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "max_position_embeddings": 64,
        "output_embedding_size": 40,
        "initializer_range": 0.3,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }
    with quiet():
        model = RemBertForSequenceClassification(RemBertConfig(**shape, input_embedding_size=8, num_labels=1))
        model.save_pretrained(original)
    names = {"rembert.encoder.embedding_hidden_mapping_in.": "bleurt.encoder.embedding_projection."}
    names["rembert."] = "bleurt."
    weights = load_file(original / "model.safetensors")
    for theirs, ours in names.items():
        weights = {name.replace(theirs, ours): weight for name, weight in weights.items()}
    save_file(weights, port / "model.safetensors", metadata={"format": "pt"})
    config = {
        **shape,
        "model_type": "bleurt",
        "architectures": ["BleurtForSequenceClassification"],
        "embedding_size": 8,
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        "position_embedding_type": "absolute",
        "torch_dtype": "float32",
    }
    (port / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return port, original
