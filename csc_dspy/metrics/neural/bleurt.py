"""BLEURT: how good a response is, as a model says that was trained on people's judgements of such pairs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics.neural._base import NeuralMetric
from csc_dspy.metrics.neural.checkpoints import Checkpoint, find_checkpoint
from csc_dspy.metrics.neural.kept import Pair
from csc_dspy.metrics.neural.loading import asked, load_model
from csc_dspy.metrics.neural.ports import load_pair_tokenizer, port_settings
from csc_dspy.taxonomy import LANGUAGES, Language

MODEL: Final = "CSC_DSPY_BLEURT_MODEL"

# It was trained on Chinese as well as on English. The commit that has its weights as safetensors is a request
# that was never merged.
_USUAL: Final = "lucadiliello/BLEURT-20@refs/pr/1"


def usual_models(environ: Mapping[str, str] = os.environ) -> dict[Language, str]:
    """The models that the environment names: for a language, for all, or else the usual one."""
    return {
        language: environ.get(f"{MODEL}_{language.upper()}") or environ.get(MODEL) or _USUAL
        for language in LANGUAGES
    }


@dataclass(frozen=True)
class Bleurt(NeuralMetric):
    """The mean over turns of BLEURT, times 100.

    The value is what the model says, which is not bound to be from 0 to 100: models before BLEURT-20 call bad
    texts less than 0.
    """

    models: Mapping[Language, str] = field(default_factory=usual_models)
    """Folders, or names on the hub, with ``@REVISION`` where it matters."""

    @property
    def name(self) -> str:
        """The key in results."""
        return "BR"

    def _model(self, language: Language) -> object:
        return self.models[language]

    def _load(self, language: Language, device: str) -> Judge:
        return Judge(find_checkpoint(self.models[language], f"{MODEL}_{language.upper()}"), device)


class Judge:
    """Reads a reference and a response together, and gives one number."""

    def __init__(self, checkpoint: Checkpoint, device: str) -> None:
        from transformers import AutoModelForSequenceClassification

        self.identity = f"BR {checkpoint.identity}"
        self._checkpoint = checkpoint
        self._model = load_model(
            AutoModelForSequenceClassification, checkpoint, device, **port_settings(checkpoint)
        )
        if self._model.config.num_labels != 1:
            raise ConfigError(
                f"is no BLEURT: it gives {self._model.config.num_labels} numbers instead of one",
                where=checkpoint.name,
            )
        self._tokenized = load_pair_tokenizer(checkpoint)

    def scores(self, pairs: Sequence[Pair]) -> list[float]:
        """What the model says of each pair."""
        with asked(self._checkpoint):
            read = self._tokenized([expected for _, expected in pairs], [answer for answer, _ in pairs])
            logits = self._model(**{name: each.to(self._model.device) for name, each in read.items()}).logits
            return [float(score) for score in logits.squeeze(-1).tolist()]
