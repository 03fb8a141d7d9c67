"""Models and tokenizers out of folders, by transformers; only complete models, and none of their code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.huggingface.libraries import explained
from csc_dspy.metrics.neural.checkpoints import Checkpoint

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Nobody looks at what it computes where it may be missing, and models are published without it.
_NOT_NEEDED: Final = "pooler."
_MISSING_TOLD: Final = 3


def load_tokenizer(checkpoint: Checkpoint, **settings: object) -> PreTrainedTokenizerBase:
    """The tokenizer of a model."""
    from transformers import AutoTokenizer

    with explained(checkpoint.name):
        return AutoTokenizer.from_pretrained(
            checkpoint.folder, trust_remote_code=False, local_files_only=True, **settings
        )


def load_model(kind: Any, checkpoint: Checkpoint, device: str, **settings: object) -> PreTrainedModel:  # noqa: ANN401 - a class of transformers
    """A model to ask, of a class such as `AutoModel`, on a device."""
    import torch

    with explained(checkpoint.name):
        model, found = kind.from_pretrained(
            checkpoint.folder,
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            **settings,
        )
    # The library would make these up at random.
    missing = sorted(name for name in found["missing_keys"] if _matters(name, model))
    if missing or found["mismatched_keys"]:
        listed = ", ".join(missing[:_MISSING_TOLD]) or "their shapes differ"
        raise ConfigError(
            f"its weights are not those of a {type(model).__name__}: {listed}", where=checkpoint.name
        )
    with explained(checkpoint.name):
        return model.to(device).eval()


def longest(checkpoint: Checkpoint, tokenizer: PreTrainedTokenizerBase | None = None) -> int:
    """How many tokens a model can read at once."""
    config = checkpoint.config
    positions = int(config.get("max_position_embeddings", 512))
    if "roberta" in str(config.get("model_type")):
        # Positions are counted from behind that of the padding.
        positions -= int(config.get("pad_token_id", 1)) + 1
    return min(positions, tokenizer.model_max_length) if tokenizer is not None else positions


@contextmanager
def asked(checkpoint: Checkpoint) -> Iterator[None]:
    """Have nothing recorded for learning, and errors explained, while a model is asked."""
    import torch

    remedy = "make batch_size smaller, or let device be cpu"
    with explained(checkpoint.name, "fails", remedy), torch.inference_mode():
        yield


def _matters(missing: str, model: PreTrainedModel) -> bool:
    """Whether a weight that a file does not have is used."""
    headless = type(model).__name__.endswith("Model")
    return not (headless and missing.startswith(_NOT_NEEDED))
