"""BERTScore: how near the tokens of a response are to those of its reference, by their embeddings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics.neural._base import NeuralMetric
from csc_dspy.metrics.neural.checkpoints import Checkpoint, find_checkpoint
from csc_dspy.metrics.neural.kept import Pair
from csc_dspy.metrics.neural.loading import asked, load_model, load_tokenizer, longest
from csc_dspy.taxonomy import LANGUAGES, Language

if TYPE_CHECKING:
    from torch import Tensor

MODEL: Final = "CSC_DSPY_BERTSCORE_MODEL"

_USUAL: Final[Mapping[Language, str]] = {
    "zh": "google-bert/bert-base-chinese",
    "en": "FacebookAI/roberta-large",
}
# The layers that BERTScore is usually taken from; for most models about seven tenths up.
_LAYERS: Final = {"bert-base-chinese": 8}
_USUAL_HEIGHT: Final = 0.7
# Their tokenizers tell a word from the end of another by the space before it.
_BYTE_LEVEL: Final = ("roberta", "longformer")


@dataclass(frozen=True, slots=True)
class Encoder:
    """A model whose embeddings are compared."""

    model: str
    """A folder, or a name on the hub, with ``@REVISION`` where it matters."""
    layer: int | None = None
    """Counted from 1; without it the usual one of the model."""
    baseline: float = 0.0
    """The score of unrelated texts, from 0 to 1, which is to count as 0."""

    def __post_init__(self) -> None:
        if not 0 <= self.baseline < 1:
            raise ConfigError(f"a baseline is from 0 to below 1, not {self.baseline}", where=self.model)


def usual_encoders(environ: Mapping[str, str] = os.environ) -> dict[Language, Encoder]:
    """The encoders that the environment names: for a language, for all, or else the usual ones."""
    return {
        language: Encoder(
            environ.get(f"{MODEL}_{language.upper()}") or environ.get(MODEL) or _USUAL[language]
        )
        for language in LANGUAGES
    }


@dataclass(frozen=True)
class BertScore(NeuralMetric):
    """The mean over turns of the F1 of BERTScore.

    Every token of one text is matched with the most similar one of the other, by the cosine of their
    embeddings; precision is the mean over the response's tokens, recall over the reference's. All tokens
    weigh the same, and special ones do not take part. Scores are not rescaled unless an encoder has a
    baseline; what is below it is 0.
    """

    encoders: Mapping[Language, Encoder] = field(default_factory=usual_encoders)

    @property
    def name(self) -> str:
        """The key in results."""
        return "BS"

    def _model(self, language: Language) -> object:
        encoder = self.encoders[language]
        return encoder.model, encoder.layer

    def _load(self, language: Language, device: str) -> Matcher:
        encoder = self.encoders[language]
        checkpoint = find_checkpoint(encoder.model, f"{MODEL}_{language.upper()}")
        return Matcher(checkpoint, _layer(checkpoint, encoder), device)

    def _finished(self, score: float, language: Language) -> float:
        baseline = self.encoders[language].baseline
        return 100 * max((score - baseline) / (1 - baseline), 0.0)


class Matcher:
    """Embeds the texts of a batch and matches their tokens."""

    def __init__(self, checkpoint: Checkpoint, layer: int, device: str) -> None:
        from transformers import AutoModel

        self.identity = f"BS {checkpoint.identity} {layer}"
        self._checkpoint = checkpoint
        self._layer = layer
        # The layers above it are not even loaded.
        self._model = load_model(AutoModel, checkpoint, device, num_hidden_layers=layer)
        prefixed = {"add_prefix_space": True} if checkpoint.config.get("model_type") in _BYTE_LEVEL else {}
        self._tokenizer = load_tokenizer(checkpoint, **prefixed)
        self._longest = longest(checkpoint, self._tokenizer)

    def scores(self, pairs: Sequence[Pair]) -> list[float]:
        """The F1 of each pair, from 0 to 1."""
        import torch

        texts = [text for column in zip(*pairs, strict=True) for text in column]
        with asked(self._checkpoint):
            embedded, counted = self._embedded(texts)
            (answers, references), (of_answer, of_reference) = embedded.chunk(2), counted.chunk(2)
            cosines = answers @ references.mT
            precision = _best(cosines, of_answer, of_reference)
            recall = _best(cosines.mT, of_reference, of_answer)
            there = (precision > 0) & (recall > 0)
            f1 = 2 * precision * recall / torch.where(there, precision + recall, 1)
            return [float(score) for score in torch.where(there, f1, 0).tolist()]

    def _embedded(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """The embeddings of all tokens, of length 1, and which of them count."""
        import torch

        read = self._tokenizer(
            texts,
            padding=True,
            truncation=True,
            max_length=self._longest,
            return_special_tokens_mask=True,
            return_tensors="pt",
        ).to(self._model.device)
        counted = read.pop("special_tokens_mask") == 0
        layers = self._model(**read, output_hidden_states=True).hidden_states
        return torch.nn.functional.normalize(layers[self._layer], dim=-1), counted


def _layer(checkpoint: Checkpoint, encoder: Encoder) -> int:
    layers = checkpoint.config.get("num_hidden_layers")
    if not isinstance(layers, int):
        raise ConfigError("is no encoder: its config.json tells no num_hidden_layers", where=checkpoint.name)
    name = PurePath(encoder.model.partition("@")[0]).name
    usual = min(_LAYERS.get(name, ceil(_USUAL_HEIGHT * layers)), layers)
    layer = usual if encoder.layer is None else encoder.layer
    if not 1 <= layer <= layers:
        raise ConfigError(f"has layers 1 to {layers}, and not {layer}", where=checkpoint.name)
    return layer


def _best(cosines: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """For each pair the mean over its rows' tokens of the highest cosine with any of its columns'."""
    best = cosines.masked_fill(~columns[:, None, :], -1).amax(dim=2)
    return (best * rows).sum(dim=1) / rows.sum(dim=1).clamp(min=1)
