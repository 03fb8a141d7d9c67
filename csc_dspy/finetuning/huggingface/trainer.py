"""TRL's trainers, set up: for answers (SFT) and for pairs of answers (DPO)."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.finetuning.huggingface.base import Base
from csc_dspy.finetuning.huggingface.options import HFOptions
from csc_dspy.finetuning.huggingface.result import Progress
from csc_dspy.finetuning.huggingface.sizes import lora
from csc_dspy.huggingface.libraries import best_device, explained
from csc_dspy.lm.local.loading import best_dtype, load_base

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import Trainer, TrainerCallback

_MOST_STEPS_BETWEEN_CHECKPOINTS: Final = 200
_LOSSES: Final = 200
"""How many losses are kept of a training."""


def trainer(
    base: Base,
    options: HFOptions,
    rows: Dataset,
    validation: Dataset | None,
    folder: Path,
    steps: int,
) -> Trainer:
    """A trainer for rows of `TokenRow.columns` that keeps its checkpoints in ``folder``."""
    import trl

    pairs = "chosen_ids" in rows.column_names
    settings = _settings(options, folder, steps, evaluates=validation is not None)
    if pairs:
        config = trl.DPOConfig(**settings, max_length=None, beta=options.beta)
    else:
        config = trl.SFTConfig(
            **settings, max_length=None, packing=False, dataset_kwargs={"skip_prepare_dataset": True}
        )
    with explained(f"--lm hf:{base.name}", "cannot be trained"):
        return (_preference_trainer() if pairs else trl.SFTTrainer)(
            model=load_base(base.checkpoint, _dtype(options)),
            args=config,
            train_dataset=rows,
            eval_dataset=validation,
            processing_class=base.chat.tokenizer,
            peft_config=None if options.full else lora(options),
        )


def saves_every(options: HFOptions, steps: int) -> int:
    """Steps between checkpoints."""
    return options.save_every or min(_MOST_STEPS_BETWEEN_CHECKPOINTS, math.ceil(steps / 10))


def tells(told: Callable[[Progress], object]) -> TrainerCallback:
    """What makes a trainer tell how far it is."""
    from transformers import TrainerCallback

    class Telling(TrainerCallback):
        def on_step_end(self, _args: object, state: Any, _control: object, **_: object) -> None:  # noqa: ANN401
            losses = [entry["loss"] for entry in state.log_history[-2:] if "loss" in entry]
            told(Progress(state.global_step, state.max_steps, losses[-1] if losses else None))

    return Telling()


def _settings(options: HFOptions, folder: Path, steps: int, *, evaluates: bool) -> dict[str, Any]:
    import torch

    on_gpu = best_device() == "cuda"
    every = saves_every(options, steps)
    halves = on_gpu and torch.cuda.is_bf16_supported()
    return {
        "output_dir": str(folder),
        "per_device_train_batch_size": options.batch_size,
        "per_device_eval_batch_size": options.batch_size,
        "gradient_accumulation_steps": options.accumulate,
        "max_steps": steps,
        "learning_rate": options.rate,
        "lr_scheduler_type": options.schedule if options.schedule != "constant" else "constant_with_warmup",
        "warmup_steps": math.ceil(steps * options.warmup),
        "seed": options.seed,
        "data_seed": options.seed,
        "bf16": halves,
        "fp16": on_gpu and not halves,
        "use_cpu": not on_gpu,
        "dataloader_pin_memory": on_gpu,
        "gradient_checkpointing": options.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "save_strategy": "steps",
        "save_steps": every,
        # The one before is there where a kill cuts the last one short.
        "save_total_limit": 2,
        "eval_strategy": "steps" if evaluates else "no",
        "eval_steps": every,
        "logging_strategy": "steps",
        "logging_steps": math.ceil(steps / _LOSSES),
        "logging_first_step": True,
        "disable_tqdm": True,
        "report_to": "none",
    }


def _dtype(options: HFOptions) -> torch.dtype:
    """Of the weights: what learns does so in whole floats, what stays need not be kept in them."""
    import torch

    halves = best_dtype(best_device())
    return halves if halves == torch.bfloat16 and not options.full else torch.float32


def _preference_trainer() -> Any:  # noqa: ANN401  a class of TRL's
    import trl

    class PairTrainer(trl.DPOTrainer):
        """Takes rows that are tokens already."""

        def _prepare_dataset(self, dataset: Dataset, *_: object) -> Dataset:
            return dataset

    return PairTrainer
