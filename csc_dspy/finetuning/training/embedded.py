"""Training the embedded engine: seconds for a thousand rows, on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from csc_dspy.finetuning.training._base import Told
from csc_dspy.finetuning.training.data import TrainingData


def train_embedded(data: TrainingData, *, seed: int, told: Told) -> tuple[str, int]:
    """The model string of the model that the rows make, and how many they are.

    A model that was fitted to the same rows before is taken as it is.
    """
    from csc_dspy.lm.embedded.model_files import fitted, remember_fit
    from csc_dspy.lm.embedded.provider import fine_tuned_model
    from csc_dspy.lm.specs import EMBEDDED

    if (known := fitted(data.fingerprint, seed)) is not None:
        return f"{EMBEDDED}/{known[0]}", known[1]
    count = 0

    def rows() -> Iterator[Mapping[str, Any]]:
        nonlocal count
        for row in data.rows():
            count += 1
            told(1)
            yield row

    model = fine_tuned_model(rows(), seed=seed, told=lambda share: told(0, fitted=f"{share:.0%}"))
    remember_fit(data.fingerprint, seed, model.partition("/")[2], count)
    return model, count
