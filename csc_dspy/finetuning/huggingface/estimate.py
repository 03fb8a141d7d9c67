"""What a training would take: rows, tokens, steps, memory. Nothing is loaded and nothing is trained."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.finetuning.huggingface.base import find_base
from csc_dspy.finetuning.huggingface.lessons import find_data
from csc_dspy.finetuning.huggingface.options import HFOptions
from csc_dspy.finetuning.huggingface.sizes import Sizes, measure_model
from csc_dspy.finetuning.huggingface.tokens import Lengths, Measure, token_rows
from csc_dspy.huggingface.libraries import TRAINING, best_device, require

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLOAT: Final = 4
_HALF: Final = 2
_ACTIVATIONS: Final = 24
"""Numbers that a layer keeps for each token and each of its width, for the way back."""
_LOGITS: Final = 3
"""Copies of the scores of all words: as they are, as probabilities, and their gradients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What to expect. Memory is in bytes, for the longest rows together; a rule of thumb."""

    lengths: Lengths
    steps: int
    parameters: int
    trainable: int
    memory: Mapping[str, int]
    """Of ``weights``, ``gradients``, ``optimizer`` and ``activations``."""
    device: str
    available: int
    """Memory of the device."""

    @property
    def needed(self) -> int:
        """All memory."""
        return sum(self.memory.values())

    @property
    def fits(self) -> bool:
        """Whether it is likely to fit the device."""
        return self.needed <= self.available

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        tokens = {name: value for name, value in self.lengths.to_dict().items() if name != "rows"}
        return {
            **asdict(self),
            "lengths": tokens,
            "rows": self.lengths.rows,
            "needed": self.needed,
            "fits": self.fits,
        }


def dry_run(data: Path, base: str, options: HFOptions) -> Estimate:
    """What `train` with the same arguments would take. ConfigError and DataError are those of `train`."""
    require(TRAINING, f"--lm hf:{base}")
    files = find_data(data)
    model = find_base(base, options, weights=False)
    measure = Measure(options.max_length, str(files.train))
    for _ in measure.passing(token_rows(files.train, model.chat)):
        pass
    lengths, sizes, device = measure.lengths, measure_model(model.checkpoint, options), best_device()
    return Estimate(
        lengths=lengths,
        steps=steps(lengths.rows, options),
        parameters=sizes.parameters,
        trainable=sizes.trainable,
        memory=memory(lengths, sizes, options, halves=device == "cuda"),
        device=device_name(device),
        available=_available(device),
    )


def steps(rows: int, options: HFOptions) -> int:
    """How often the weights are changed."""
    if options.steps is not None:
        return options.steps
    batches = math.ceil(rows / options.batch_size)
    return max(1, math.ceil(math.ceil(batches / options.accumulate) * options.epochs))


def memory(lengths: Lengths, sizes: Sizes, options: HFOptions, *, halves: bool) -> dict[str, int]:
    """What takes how many bytes, where a device computes with ``halves`` or with whole floats."""
    number = _HALF if halves else _FLOAT
    fixed = sizes.parameters - sizes.trainable
    tokens = options.batch_size * lengths.max * (2 if lengths.pairs else 1)
    # What is kept for the way back: everything, or the entry of each layer and all of one.
    layers = sizes.layers / _ACTIVATIONS + 1 if options.gradient_checkpointing else sizes.layers
    kept = layers * sizes.width * _ACTIVATIONS * number + sizes.words * _LOGITS * _FLOAT
    return {
        "weights": fixed * number + sizes.trainable * _FLOAT,
        "gradients": sizes.trainable * _FLOAT,
        # AdamW keeps two averages of every gradient.
        "optimizer": sizes.trainable * 2 * _FLOAT,
        "activations": int(tokens * kept),
    }


def device_name(device: str) -> str:
    """The device as its maker calls it."""
    import torch

    return torch.cuda.get_device_name() if device == "cuda" else device


def _available(device: str) -> int:
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
