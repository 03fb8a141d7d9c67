"""BLEURT-20 as people ported it: a RemBERT under another name, which transformers does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.huggingface.libraries import explained
from csc_dspy.metrics.neural.checkpoints import Checkpoint
from csc_dspy.metrics.neural.extra import REMEDY
from csc_dspy.metrics.neural.loading import load_tokenizer, longest

if TYPE_CHECKING:
    from torch import Tensor

PairTokenizer = Callable[[list[str], list[str]], Mapping[str, "Tensor"]]
"""Makes references and responses the input of a model."""

_KIND: Final = "bleurt"
_PIECES: Final = "spm.model"
_SETTINGS: Final = {"embedding_size": "input_embedding_size"}
# The names of weights that differ.
_RENAMED: Final = {
    r"^bleurt\.encoder\.embedding_projection\.": "rembert.encoder.embedding_hidden_mapping_in.",
    r"^bleurt\.": "rembert.",
}


def is_port(checkpoint: Checkpoint) -> bool:
    """Whether a model is such a port."""
    return checkpoint.config.get("model_type") == _KIND and bool(checkpoint.config.get("embedding_size"))


def port_settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """What `load_model` has to be told of a port; nothing of other models."""
    if not is_port(checkpoint):
        return {}
    from transformers import RemBertConfig

    told = {_SETTINGS.get(name, name): value for name, value in checkpoint.config.items()}
    del told["model_type"]
    with explained(checkpoint.name):
        config = RemBertConfig(**told)
    return {"config": config, "key_mapping": _RENAMED}


def load_pair_tokenizer(checkpoint: Checkpoint) -> PairTokenizer:
    """The tokenizer of a model that reads a reference and a response together."""
    if is_port(checkpoint):
        return _Pieces(checkpoint)
    tokenizer = load_tokenizer(checkpoint)
    limit = longest(checkpoint, tokenizer)

    def tokenized(references: list[str], responses: list[str]) -> Mapping[str, Tensor]:
        read: Mapping[str, Tensor] = tokenizer(
            references, responses, padding=True, truncation=True, max_length=limit, return_tensors="pt"
        )
        return read

    return tokenized


class _Pieces:
    """The tokenizer of the ports, straight from its SentencePiece model."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        try:
            import sentencepiece
        except ImportError as error:
            raise ConfigError(
                "needs the extra neural: sentencepiece is not installed", where=checkpoint.name, remedy=REMEDY
            ) from error
        path = checkpoint.folder / _PIECES
        if not path.is_file():
            raise ConfigError(f"has no {_PIECES}, which is its tokenizer", where=checkpoint.name)
        with explained(checkpoint.name):
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self._begin, self._end = (self._pieces.piece_to_id(name) for name in ("[CLS]", "[SEP]"))
        if self._pieces.unk_id() in {self._begin, self._end}:
            raise ConfigError(f"its {_PIECES} has no [CLS] or [SEP]", where=checkpoint.name)
        self._padding = int(checkpoint.config.get("pad_token_id") or 0)
        self._longest = longest(checkpoint)

    def __call__(self, references: list[str], responses: list[str]) -> Mapping[str, Tensor]:
        pairs = zip(self._pieces.encode(references), self._pieces.encode(responses), strict=True)
        rows = [self._row(reference, response) for reference, response in pairs]
        return {
            "input_ids": _padded([ids for ids, _ in rows], self._padding),
            "token_type_ids": _padded([kinds for _, kinds in rows], 0),
            "attention_mask": _padded([[1] * len(ids) for ids, _ in rows], 0),
        }

    def _row(self, reference: list[int], response: list[int]) -> tuple[list[int], list[int]]:
        """The tokens of a pair, and which text each is of; what is too long loses its ends."""
        room = self._longest - 3
        first = max(room - len(response), min(room // 2, len(reference)))
        first_kept = reference[:first]
        second_kept = response[: room - len(first_kept)]
        ids = [self._begin, *first_kept, self._end, *second_kept, self._end]
        return ids, [0] * (len(first_kept) + 2) + [1] * (len(second_kept) + 1)


def _padded(rows: Sequence[Sequence[int]], padding: int) -> Tensor:
    import torch

    width = max(map(len, rows))
    return torch.tensor([[*row, *[padding] * (width - len(row))] for row in rows])
