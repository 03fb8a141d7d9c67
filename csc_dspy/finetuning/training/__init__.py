"""Training language models on exported rows: the embedded engine, hosted models, models of Hugging Face."""

from csc_dspy.finetuning.huggingface.run import run_folder
from csc_dspy.finetuning.training._base import Estimate, Server, Told
from csc_dspy.finetuning.training.result import RESULT_FILE, Trained, read_result
from csc_dspy.finetuning.training.training import Training, prepare_training, train

__all__ = [
    "RESULT_FILE",
    "Estimate",
    "Server",
    "Told",
    "Trained",
    "Training",
    "prepare_training",
    "read_result",
    "run_folder",
    "train",
]
