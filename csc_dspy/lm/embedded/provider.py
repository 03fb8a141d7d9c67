"""Fine-tuning the embedded engine the way DSPy fine-tunes: ``lm.finetune``, ``BootstrapFinetune``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dspy.clients.provider import Provider
from dspy.clients.utils_finetune import TrainDataFormat

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.embedded.chat_rows import read_rows
from csc_dspy.lm.embedded.fine_tuned import Told, fine_tune
from csc_dspy.lm.embedded.model_files import save_model
from csc_dspy.lm.specs import EMBEDDED

if TYPE_CHECKING:
    from dspy.clients.provider import TrainingJob


class EmbeddedProvider(Provider):
    """Fits linear heads and keeps responses; seconds for a thousand rows, on this machine."""

    def __init__(self) -> None:
        super().__init__()
        self.finetunable = True

    @staticmethod
    def is_provider_model(model: str) -> bool:
        """Whether a model string is one of the embedded engine's."""
        return model == EMBEDDED or model.startswith(f"{EMBEDDED}/")

    @staticmethod
    def finetune(
        job: TrainingJob,  # noqa: ARG004  DSPy's protocol
        model: str,  # noqa: ARG004  a fine-tuned model is begun anew, not fine-tuned further
        train_data: Iterable[Mapping[str, Any]],
        train_data_format: TrainDataFormat | str | None,
        train_kwargs: dict[str, Any] | None = None,
    ) -> str:
        """The model string of the model that the rows make. ``seed`` is the only option."""
        options = dict(train_kwargs or {})
        seed = options.pop("seed", 0)
        if options:
            raise ConfigError(
                f"the embedded engine knows no training option {', '.join(map(repr, sorted(options)))}",
                remedy="the only one is 'seed'",
            )
        if TrainDataFormat(train_data_format or TrainDataFormat.CHAT) is not TrainDataFormat.CHAT:
            raise ConfigError("the embedded engine learns from chat messages", remedy="format rows as chats")
        return fine_tuned_model(train_data, seed=seed)


def fine_tuned_model(
    rows: Iterable[Mapping[str, Any]], *, seed: int = 0, told: Told = lambda _share: None
) -> str:
    """Fit a model to rows, which are gone through once, and keep it; its model string.

    ``told`` hears which share of the fitting is done.
    """
    return f"{EMBEDDED}/{save_model(fine_tune(read_rows(rows), seed=seed, told=told))}"
