"""A ready recipe for LLaMA-Factory: LoRA on the exported rows, with nothing to set but the model."""

from __future__ import annotations

from typing import Final

from csc_dspy.finetuning._base import Part

_STEP: Final = 256

_HEAD: Final = """\
# LoRA with LLaMA-Factory on the rows of this folder. Start it here, as all paths are relative:
#   llamafactory-cli train lora.yaml

# ==== SET THESE TWO: a model, and the name that LLaMA-Factory has for its chat template ====
model_name_or_path: SET-ME
template: SET-ME
# ============================================================================================

"""

_SFT: Final = """\
stage: sft
# Demonstrations in a prompt are there to be read; only the answer is learned.
mask_history: true
learning_rate: 1.0e-4
num_train_epochs: 3.0
"""

_DPO: Final = """\
stage: dpo
pref_loss: sigmoid
pref_beta: 0.1
learning_rate: 5.0e-6
num_train_epochs: 1.0
"""

_COMMON: Final = """\
do_train: true
finetuning_type: lora
lora_rank: 8
lora_target: all
lr_scheduler_type: cosine
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
# Needs a device that computes in bf16.
bf16: true
seed: 42
output_dir: lora
logging_steps: 10
save_steps: 500

dataset_dir: .
"""

_EVALUATION: Final = """\
eval_strategy: steps
eval_steps: 500
per_device_eval_batch_size: 1
"""


def dataset_name(part: Part) -> str:
    """What a part is called in ``dataset_info.json``, distinct enough to be copied into another one."""
    return f"csc_dspy_{part}"


def cutoff(longest: int) -> int:
    """A length in tokens that cuts no row off, though ``longest`` is estimated."""
    return -(-(longest + longest // 4 + 1) // _STEP) * _STEP


def lora(*, pairs: bool, validation: bool, longest: int) -> str:
    """The text of ``lora.yaml``; ``longest`` is about how many tokens the longest row takes."""
    lines = [
        f"dataset: {dataset_name('train')}\n",
        f"# The longest row takes about {longest} tokens; this is a quarter more, as tokenizers differ.\n",
        f"cutoff_len: {cutoff(longest)}\n",
    ]
    if validation:
        lines += [f"eval_dataset: {dataset_name('validation')}\n", _EVALUATION]
    return "".join([_HEAD, _DPO if pairs else _SFT, _COMMON, *lines])
